# Writes formulas.rds: model matrices as R makes them for new rows, for src/model/terms/terms_test.cc.
#   Rscript make.R
# Made with R 4.2.2 (stats, splines, MASS 7.3-58.2), locale C. Each case is a list: formula (as text), terms, xlevels,
# contrasts, call, and what R answers for `newdata`: matrix (column-major numbers), columns, assign, offset (NULL without one).
suppressMessages({
  library(splines)
  library(MASS)
})
invisible(Sys.setlocale("LC_ALL", "C"))
set.seed(20221)

rows <- function(n) {
  data.frame(
    x = round(runif(n, 0.1, 10), 3),
    z = round(rnorm(n, 5, 2), 3),
    w = rnorm(n),
    k = sample(1:6, n, TRUE),
    f = factor(sample(c("a", "b", "c"), n, TRUE), levels = c("b", "a", "c")),
    g = factor(sample(c("u", "v"), n, TRUE)),
    h = factor(sample(letters[1:5], n, TRUE)),
    o = factor(sample(c("low", "mid", "high", "top"), n, TRUE), levels = c("low", "mid", "high", "top"), ordered = TRUE),
    o3 = factor(sample(1:3, n, TRUE), ordered = TRUE),
    o30 = factor(sample(1:30, n, TRUE), levels = 1:30, ordered = TRUE),
    o12 = factor(sample(1:12, n, TRUE), levels = 1:12, ordered = TRUE),
    l = sample(c(TRUE, FALSE), n, TRUE),
    s = sample(c("red", "green", "blue"), n, TRUE),
    n = sample(10:90, n, TRUE),
    `net price` = round(runif(n, 1, 9), 2),
    y = rnorm(n),
    day = as.Date("2019-01-03") + sample(0:1000, n, TRUE),
    time = as.POSIXct("2022-01-01 00:00:00", tz = "UTC") + sample(0:864000, n, TRUE),
    stringsAsFactors = FALSE, check.names = FALSE
  )
}
train <- rows(200)
newdata <- rows(30)
newdata$x[c(4, 9)] <- NA
newdata$x[11:14] <- c(0.0001, 25, 11, 0.05)  # beyond the training rows, where splines go on
newdata$z[7] <- NA
newdata$f[5] <- NA
newdata$o[6] <- NA
newdata$l[8] <- NA
newdata$s[10] <- NA
newdata$day[c(3, 15)] <- NA

sources <- readLines("formulas.txt")
sources <- sources[sources != "" & !startsWith(sources, "#")]

# A line is a formula, or a formula and further arguments of lm(), separated by " @ ".
made <- lapply(sources, function(source) {
  parts <- strsplit(source, " @ ", fixed = TRUE)[[1]]
  text <- if (length(parts) > 1) sprintf("lm(%s, train, %s)", parts[1], parts[2]) else sprintf("lm(%s, train)", parts[1])
  fit <- tryCatch(suppressWarnings(eval(parse(text = text)[[1]], globalenv())), error = function(e) stop(source, ": ", conditionMessage(e)))
  terms <- delete.response(terms(fit))
  frame <- suppressWarnings(model.frame(terms, newdata, na.action = na.pass, xlev = fit$xlevels))
  matrix <- suppressWarnings(model.matrix(terms, frame, contrasts.arg = fit$contrasts))
  offset <- NULL
  for (i in attr(terms(fit), "offset")) {
    value <- eval(attr(terms(fit), "variables")[[i + 1]], newdata)
    offset <- if (is.null(offset)) value else offset + value
  }
  if (!is.null(fit$call$offset)) {
    value <- eval(fit$call$offset, newdata)
    offset <- if (is.null(offset)) value else offset + value
  }
  stopifnot(identical(colnames(matrix), names(coef(fit))))
  list(formula = source, terms = terms(fit), xlevels = fit$xlevels, contrasts = fit$contrasts, call = fit$call,
       matrix = as.numeric(matrix), columns = colnames(matrix), assign = attr(matrix, "assign"),
       offset = if (is.null(offset)) NULL else as.numeric(offset))
})
saveRDS(list(newdata = newdata, cases = made), "formulas.rds", compress = "xz", version = 3)
cat(length(made), "formulas,", file.size("formulas.rds"), "bytes\n")
