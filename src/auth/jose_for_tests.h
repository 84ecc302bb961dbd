// Keys and tokens that npm's jose 6 made: iss https://idp, aud other and scoria, sub ann, from 1796000000 to 1796003600. Test programs only.
#pragma once

#include <string>
#include <string_view>

namespace scoria::auth {

inline constexpr std::string_view kJoseEs256Token =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImstRVMyNTYiLCJ0eXAiOiJKV1QifQ.eyJyb2xlcyI6WyJTY29yZSJdLCJpc3MiOiJodHRwc"
    "zovL2lkcCIsImF1ZCI6WyJvdGhlciIsInNjb3JpYSJdLCJzdWIiOiJhbm4iLCJpYXQiOjE3OTYwMDAwMDAsIm5iZiI6MTc5NjAwM"
    "DAwMCwiZXhwIjoxNzk2MDAzNjAwLCJqdGkiOiJqIn0.vbj57P4qmHLl5Wj3s6iRGvggKNEKmpWq_lT7UQtg_Zu1o3zGf5639GMEa"
    "TmdiPcN-7E4Qo3ybqlCgWNYuuXlug";
inline constexpr std::string_view kJoseEs256X = "LnQjt8714bM1RkibVZIk0OjAgpe5tP3mvSuE8L4vOUI";
inline constexpr std::string_view kJoseEs256Y = "LgT1KoIPHGgxJPMrsvxpabjbZp2221olrjFX8D9lMd8";
inline constexpr std::string_view kJoseEs256Thumbprint = "qTMaORN_Nwfk2JpSy1twzO92oubC1KmhyQ-mYiRcMP8";

inline constexpr std::string_view kJoseRs256Token =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImstUlMyNTYiLCJ0eXAiOiJKV1QifQ.eyJyb2xlcyI6WyJTY29yZSJdLCJpc3MiOiJodHRwc"
    "zovL2lkcCIsImF1ZCI6WyJvdGhlciIsInNjb3JpYSJdLCJzdWIiOiJhbm4iLCJpYXQiOjE3OTYwMDAwMDAsIm5iZiI6MTc5NjAwM"
    "DAwMCwiZXhwIjoxNzk2MDAzNjAwLCJqdGkiOiJqIn0.BckvYhcaFt1idv6WOrhC4qUNTzwvRJ_gFPotg7cBLa8ftJ8SHkUvNbAjE"
    "CDfTNtoUJdu4UF6zy-DFsUw8w0VdC_QfXQvMmJNEqicxwSNv5OhJ2JA_FGUnDWnQ1O3GgKKt34YuACZBrPw0ylbZroH8njg8tBXG"
    "dFBKs4fhrm9OoWrpR1xik6Lfq0qn9nPIy-BlSCnXDYa4Q0oOtsoU52wB1qeqmyj_ncdw8FxEQc7vJ1sNvTFQiPq7mX4vDQwNcI7L"
    "ApEiDwSrMjtkyouSGXCUoMM_0RYU7_dZMEJnQ5ks3WGHWk68OS3H86nU3lvuainSXXbE4fbjvwYhUkgDvh4gw";
inline constexpr std::string_view kJoseRs256N =
    "3s8gnI68axlKvVLbJ_toYTLspnAnoyGzHhnz20WsZbqp_q_V8v2ON5dCuGeO6DV84PdtNmojGqB2nrgob9_XT7Os9_RxkJlhBHp_"
    "15bJz7fc-KqdhfsLFGrlNcUy5G4BRdK0iiL8NcsyWwdfnVry-78b3dJbzDGKNN7Q2T4hpuL60cl0quLG8G7b6szrd765M3F912hO"
    "1ivf-GRPxzGB2pkGsISwbiJYZ2S6QrDn_81f6NQ1eNCmDf1sk7ou6kO4BgZAZshxu-HZZnVT1_WA-LA2ZUP_taz-QeU1mHQ3pNqc"
    "Rj1OPLIjxC9JwIMMSslAkQNUsUo5xHGXJ8UGeBtPow";
inline constexpr std::string_view kJoseRs256Thumbprint = "pNdCJh8CLhFG2PhFJa8a8g_Kw68WFLWYns4BhtTFw7o";

// The set of both, as their issuer would publish it.
inline std::string jose_jwks() {
  return R"({"keys":[{"kty":"EC","crv":"P-256","use":"sig","kid":"k-ES256","x":")" + std::string(kJoseEs256X) +
         R"(","y":")" + std::string(kJoseEs256Y) + R"("},{"kty":"RSA","use":"sig","kid":"k-RS256","e":"AQAB","n":")" +
         std::string(kJoseRs256N) + R"("}]})";
}

}  // namespace scoria::auth
