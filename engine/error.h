// sumi::Error and fail(), for rooms that know the engine but not the kernels.
#pragma once

#include "kernels/base/check.h"
