# Writes what R says of links and distributions: links.csv, distributions.csv. Run from the root: Rscript tests/data/linear/make.R
exact <- function(v) ifelse(is.nan(v), "NaN", ifelse(is.infinite(v), ifelse(v > 0, "Inf", "-Inf"), sprintf("%.17g", v)))
folder <- "tests/data/linear"

set.seed(1)
grid <- c(0, 1, -1, 0.5, -0.25, 5, -5, 8.1, -8.1, 8.2, -8.2, 30, -30, 30.5, -30.5, 36, -37, 100, -100, 699, 701, 710, -750, 1e-10, -1e-10,
          1e15, -1e15, 1e17, -1e17, 1e300, Inf, -Inf, NaN, rnorm(60, 0, 3), rnorm(20, 0, 20), exp(rnorm(20, 0, 8)))
links <- c("identity", "logit", "probit", "cauchit", "cloglog", "log", "sqrt", "inverse", "1/mu^2")
families <- c(lapply(links, make.link), lapply(c(1 / 3, 0.25, -2, 3, 1.7), power))
of_link <- function(l) data.frame(link = l$name, lambda = if (grepl("^mu\\^", l$name)) environment(l$linkinv)$lambda else 0, eta = grid,
                                  inverse = suppressWarnings(l$linkinv(grid)), derivative = suppressWarnings(l$mu.eta(grid)))
all <- do.call(rbind, lapply(families, of_link))
for (column in c("lambda", "eta", "inverse", "derivative")) all[[column]] <- exact(all[[column]])
write.csv(all, file.path(folder, "links.csv"), row.names = FALSE, quote = FALSE)

rows <- function(name, x, parameter, value) data.frame(name = name, x = exact(x), parameter = exact(parameter), value = exact(value))
x <- c(grid, seq(-37, 37, by = 0.7))
p <- c(2^-54, 1e-16, 1e-15, 1e-12, 1e-10, 1e-5, 1e-3, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.45, 0.495, 0.5, 0.6, 0.9, 0.975, 0.999, 1 - 1e-10, 0, 1, -0.1, 1.1)
df <- c(1, 2, 3, 4, 5, 7.5, 10, 28, 100, 1000.5, 1e5, 1e8, Inf, 0, -1)
pairs <- expand.grid(p = p, df = df)
write.csv(rbind(rows("pnorm", x, 0, pnorm(x)), rows("dnorm", x, 0, dnorm(x)), rows("pcauchy", x, 0, pcauchy(x)), rows("dcauchy", x, 0, dcauchy(x)),
                suppressWarnings(rows("qt", pairs$p, pairs$df, qt(pairs$p, pairs$df)))),
          file.path(folder, "distributions.csv"), row.names = FALSE, quote = FALSE)
