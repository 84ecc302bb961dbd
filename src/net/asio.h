// Boost.Asio as this project includes it: Boost 1.74 in C++20 wants <utility> first.
#pragma once

#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
