// The bases of poly(), bs() and ns() at given numbers, from what the fit has kept of them.
// Source: de Boor, A Practical Guide to Splines (1978), ch. X (the recurrence for B-splines and their derivatives); natural
// splines as the B-splines whose second derivative is zero at both boundary knots, in R's coordinates: the null space of the
// constraints by Householder reflections; Kennedy & Gentle, Statistical Computing (1980), p. 343 (poly's recurrence).
// Threads: immutable once made.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"

namespace scoria::model::terms {

// ns() keeps a matrix of the square of it.
inline constexpr std::size_t kMaxKnots = 200;
inline constexpr std::size_t kMaxDegree = 100;

// poly(x, degree, coefs = list(alpha, norm2)), or the plain powers of raw = TRUE.
class Polynomial {
 public:
  static Polynomial raw(std::size_t degree);
  // Errors: corrupt, where alpha and norm2 are not `degree` and degree + 2 numbers, the latter above 0.
  static Result<Polynomial> orthogonal(std::size_t degree, std::vector<double> alpha, std::vector<double> norm2);

  std::size_t columns() const { return degree_; }
  // One row; NaN and NA give NaN and NA. Precondition: out.size() == columns().
  void row(double x, std::span<double> out) const;

 private:
  std::size_t degree_ = 1;
  std::vector<double> alpha_;  // empty: plain powers
  std::vector<double> norm2_;
};

// bs() and ns(). Both give NA at NA and NaN.
class Spline {
 public:
  struct Shape {
    std::vector<double> knots;  // inner ones
    double lower = 0;           // Boundary.knots
    double upper = 0;
    std::size_t degree = 3;
    bool has_intercept = false;
    bool is_natural = false;  // ns(): cubic, linear beyond the boundary
  };
  // Errors: corrupt, for knots that are not finite or not within the boundary, too many of them, a degree out of range.
  static Result<Spline> make(Shape shape);

  std::size_t columns() const { return columns_; }
  void row(double x, std::span<double> out) const;

 private:
  std::size_t basis_size() const { return knots_.size() - degree_ - 1; }
  std::size_t interval(double x) const;
  void values(double x, std::span<double> out) const;                       // degree + 1 of them, from interval() on
  std::vector<double> derivative(double x, std::size_t times) const;        // of all basis functions
  std::vector<double> transformed(const std::vector<double>& basis) const;  // into out's columns

  // The polynomial of an outer side around `pivot`: coefficients of its powers, columns() for each.
  struct Side {
    double pivot = 0;
    std::vector<std::vector<double>> powers;
  };
  Side side(double pivot, std::size_t degree) const;

  std::size_t degree_ = 3;
  std::size_t columns_ = 0;
  double lower_ = 0;
  double upper_ = 0;
  std::vector<double> knots_;      // boundary knots repeated
  std::size_t dropped_ = 0;        // basis functions left out at the front
  std::vector<double> transform_;  // natural: (basis_size - dropped) x columns, row-major; else empty
  Side below_;
  Side above_;
};

}  // namespace scoria::model::terms
