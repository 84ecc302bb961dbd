// Distribution functions by R's names, with R's answers at the edges: pnorm, dnorm, pcauchy, dcauchy, qt.
// Against R 4.2.2 within 1e-13 relative, tails included (distribution_test.cc); qt only where p keeps 0.005 from 1/2, as R's own
// loses digits there. Method of qt: Boost.Math.
// Threads: free functions. A NaN comes back as it is, so that NA stays NA.
#pragma once

namespace scoria::model::linear {

double pnorm(double x);
double dnorm(double x);
double pcauchy(double x);
double dcauchy(double x);

// The p-quantile of Student's t; df may be infinite (the normal distribution).
// -Inf and Inf at 0 and 1, whatever df; NaN where p is outside [0, 1] or df is not above 0.
double qt(double p, double df);

}  // namespace scoria::model::linear
