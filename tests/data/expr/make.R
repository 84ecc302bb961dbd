# Writes what R and dplyr give for the expressions of expressions.txt and arithmetic.txt, for src/expr/golden_test.cc.
#   Rscript make.R [rows of the arithmetic table, default 400] [seed, default 1]
# Made with R 4.2.2, dplyr 1.0.10, zoo 1.8.11, locale C, on x86_64 (80-bit long double).
#
# <name>.golden, separated by tabs:
#   groups  <first row of every group, from 0> ...
#   column  <name> <type> <values> ...
#   expect  <expression> <type> <values> ...
# Doubles in hexadecimal (%a); missing is NA; a text starts with =; a factor's type is factor:<level>,<level>...
suppressMessages(library(dplyr))
invisible(Sys.setlocale("LC_ALL", "C"))
invisible(Sys.setlocale("LC_CTYPE", "C.UTF-8"))

arguments <- commandArgs(TRUE)
rows <- if (length(arguments) > 0) as.integer(arguments[1]) else 400L
set.seed(if (length(arguments) > 1) as.integer(arguments[2]) else 1L)

# What our names mean in R.
cummean_known <- function(x) {
  x <- as.numeric(x)
  known <- which(!is.na(x))
  x[known] <- cummean(x[known])
  x
}
trailing <- function(x, k, f) if (length(x) < k) rep(x[NA_integer_], length(x)) else zoo::rollapplyr(x, k, f, fill = NA)
rollmean <- function(x, k) as.numeric(trailing(x, k, function(v) mean(v)))
rollmax <- function(x, k) trailing(x, k, function(v) max(v))
rollmin <- function(x, k) trailing(x, k, function(v) min(v))
step <- 3L
rate <- 0.25

shown <- function(v) {
  if (is.factor(v) || is.character(v)) return(ifelse(is.na(v), "NA", paste0("=", as.character(v))))
  if (is.double(v)) return(ifelse(is.nan(v), "NaN", ifelse(is.na(v), "NA", sprintf("%a", v))))
  as.character(v)
}
# Dates are text or days since 1970 here; classes of numbers do not matter.
plain <- function(v, as_text = FALSE) {
  if (inherits(v, "Date") && as_text) return(as.character(v))
  if (inherits(v, "POSIXct")) return(format(v, "%Y-%m-%d %H:%M:%S", tz = "UTC"))
  if (inherits(v, c("Date", "difftime"))) return(as.numeric(v))
  if (inherits(v, "AsIs")) return(unclass(v))
  v
}
type_name <- function(v) {
  if (is.factor(v)) paste0("factor:", paste(levels(v), collapse = ",")) else typeof(v)
}

write_golden <- function(name, data) {
  starts <- which(!duplicated(data$g)) - 1L
  lines <- paste(c("groups", starts), collapse = "\t")
  for (column in setdiff(names(data), "g")) {
    values <- plain(data[[column]], as_text = column == "day")
    lines <- c(lines, paste(c("column", column, type_name(values), shown(values)), collapse = "\t"))
  }
  texts <- readLines(paste0(name, ".txt"))
  texts <- texts[texts != "" & !startsWith(texts, "#")]
  grouped <- group_by(data, g)
  for (text in texts) {
    value <- tryCatch(suppressWarnings(mutate(grouped, .value = !!parse(text = text)[[1]])$.value),
                      error = function(e) stop(text, ": ", conditionMessage(e), "\n", if (!is.null(e$parent)) conditionMessage(e$parent)))
    value <- plain(value)
    lines <- c(lines, paste(c("expect", text, type_name(value), shown(value)), collapse = "\t"))
  }
  writeLines(lines, paste0(name, ".golden"))
  cat(name, length(texts), "expressions,", nrow(data), "rows\n")
}

# Groups of 12, 1, 2, 20 and 5 rows. NA and NaN never meet in one row, except in `poison`.
n <- 40L
g <- rep(1:5, c(12, 1, 2, 20, 5))
x <- round(rnorm(n) * 10, 2)
x[c(3, 17, 18, 36)] <- NA
x[c(9, 30)] <- NaN
x[c(5, 24)] <- c(Inf, -Inf)
x[c(7, 27)] <- c(-0.0, 5e-324)
small <- tibble(
  g = g,
  x = x,
  y = rnorm(n) * 1e3,
  z = exp(rnorm(n) * 3),
  w = {v <- rnorm(n); v[c(1, 2, 13, 16, 20, 40)] <- NA; v},
  poison = {v <- rnorm(n); v[c(2, 6, 19)] <- NaN; v[c(4, 5, 21)] <- NA; v},
  i = {v <- sample(-9:9, n, TRUE); v[c(4, 14, 25)] <- NA; v},
  j = {v <- sample(c(-3:3, 7L), n, TRUE); v[c(8, 26)] <- NA; v},
  k = seq_len(n),
  big = {v <- sample(c(2147483647L, -2147483647L, 46341L, 65536L, -1L, 1L), n, TRUE); v[11] <- NA; v},
  a = {v <- sample(c(TRUE, FALSE), n, TRUE); v[c(2, 15, 33)] <- NA; v},
  b = {v <- sample(c(TRUE, FALSE), n, TRUE); v[c(2, 6, 34)] <- NA; v},
  s = {v <- sample(c("a", "b", "B", "", "NA", "10", "2"), n, TRUE); v[c(1, 22)] <- NA; v},
  t = sample(c("1e3", " 12 ", "-7.5", "0x1F", "abc", "", "Inf", "nan", "1e", "TRUE", "3000000000", "1L", "."), n, TRUE),
  f = factor({v <- sample(c("a", "b", "zz"), n, TRUE); v[c(3, 23)] <- NA; v}, levels = c("zz", "b", "a", "unused")),
  zero = rep(c(0, -0.0), n / 2),
  word = {v <- rep(c("red", "Gr\u00fcn", "", "a b", "TRUE", "F", "false", "yes", "2024-02-30", "x1"), n / 10); v[c(12, 31)] <- NA; v},
  day = {v <- as.Date("1996-02-27") + (seq_len(n)^3 %/% 3L - 3000); v[c(4, 22)] <- NA; v},
  days = {v <- as.Date("2019-12-27") + seq_len(n) * 3; v[9] <- NA; v},
  time = as.POSIXct("2023-12-30 22:10:05", tz = "UTC") + seq_len(n) * 4567,
  slash = format(as.Date("2021-01-15") + seq_len(n) * 17, "%d/%m/%Y")
)
write_golden("expressions", small)

magnitude <- function() rnorm(rows) * 10^sample(c(-300, -12, -5:6, 10, 15, 17, 300), rows, TRUE)
decimals <- round(rnorm(rows) * 10^sample(0:5, rows, TRUE), sample(0:6, rows, TRUE))
arithmetic <- tibble(
  g = sort(sample(1:7, rows, TRUE)),
  p = magnitude(),
  q = magnitude(),
  m = rnorm(rows) * 100,
  d = ifelse(runif(rows) < 0.5, decimals, decimals + 5 * 10^-sample(1:8, rows, TRUE)),
  h = round(runif(rows, -50, 50) * 2) / 2,
  digits = sample(c(-3:17, 22, 300, 310, 330, -310), rows, TRUE),
  few = sample(0:6, rows, TRUE),
  u = sample.int(2147483647L, rows, TRUE) - 1073741824L,
  v = sample(c(-100:100, 2147483647L, -2147483647L), rows, TRUE)
)
write_golden("arithmetic", arithmetic)
