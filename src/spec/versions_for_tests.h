// API versions at which bodies and answers changed. Test programs only.
#pragma once

#include "spec/api_version.h"

namespace scoria::spec {

inline constexpr ApiVersion k2018March{20180301}, k2018August{20180801}, k2018December{20181201}, k2019June{20190601},
    k2020March{20200301}, k2020September{20200901};

}  // namespace scoria::spec
