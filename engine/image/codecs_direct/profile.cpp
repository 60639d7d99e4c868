#include "engine/image/profile.h"

#include <lcms2.h>

namespace sumi::io {
namespace {

struct CloseProfile {
  void operator()(void* p) const { cmsCloseProfile(p); }
};
using Profile = std::unique_ptr<void, CloseProfile>;

}  // namespace

ProfileTransform::ProfileTransform(const std::string& profile, int colors) {
  const Profile source(cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size())));
  const Profile target(cmsCreate_sRGBProfile());
  if (!source || !target) {
    objection_ = "is damaged";
    return;
  }
  const cmsColorSpaceSignature space = colors == 1   ? cmsSigGrayData
                                       : colors == 3 ? cmsSigRgbData
                                                     : cmsSigCmykData;
  if (cmsGetColorSpace(source.get()) != space) {
    objection_ = "is for another kind of image";
    return;
  }
  const cmsUInt32Number format = colors == 1 ? TYPE_GRAY_16 : colors == 3 ? TYPE_RGB_16 : TYPE_CMYK_16;
  // Relative colorimetric with black point compensation, as in image editors.
  transform_ =
      cmsCreateTransform(source.get(), format, target.get(), TYPE_RGB_16, INTENT_RELATIVE_COLORIMETRIC,
                         cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
  if (!transform_) objection_ = "is damaged";
}

ProfileTransform::~ProfileTransform() {
  if (transform_) cmsDeleteTransform(transform_);
}

void ProfileTransform::operator()(const std::uint16_t* in, std::uint16_t* out, std::size_t pixels) const {
  cmsDoTransform(transform_, in, out, static_cast<cmsUInt32Number>(pixels));
}

}  // namespace sumi::io
