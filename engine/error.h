// sumi::Error and fail(), for directories that may include the engine but not the kernels.
#pragma once

#include "kernels/base/check.h"
