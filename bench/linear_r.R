# Times R's predict() of an lm or a glm with 20 number columns on 100,000 rows, and writes what it scored and answered.
# Usage: Rscript bench/linear_r.R FOLDER lm|glm [ROWS = 100000] [REPEATS = 1]
# Leaves FOLDER/linear_KIND.rds, linear_KIND_rows.csv, linear_KIND_expected.csv (%.17g). Prints one JSON line.
args <- commandArgs(TRUE)
if (length(args) < 2) stop("usage: linear_r.R FOLDER lm|glm [ROWS] [REPEATS]")
kind <- args[2]
rows_wanted <- as.integer(c(args[-(1:2)], "100000")[1])
repeats <- as.integer(c(args[-(1:3)], "1")[1])
columns <- 20

set.seed(20)
make <- function(n) as.data.frame(matrix(rnorm(n * columns), n, dimnames = list(NULL, paste0("x", seq_len(columns)))))
d <- make(2000)
signal <- as.vector(as.matrix(d) %*% rnorm(columns, 0, 0.3))
d$y <- if (kind == "glm") as.integer(signal > rnorm(2000)) else signal + rnorm(2000)
formula <- as.formula(paste("y ~", paste0("x", seq_len(columns), collapse = " + ")), env = globalenv())
model <- if (kind == "glm") glm(formula, binomial, d) else lm(formula, d)
rows <- make(rows_wanted)
ask <- if (kind == "glm") function() predict(model, rows, type = "response") else function() predict(model, rows)
invisible(ask())
seconds <- replicate(repeats, system.time(answers <<- ask())[["elapsed"]])

file <- function(name) file.path(args[1], paste0("linear_", kind, name))
exact <- function(v) sprintf("%.17g", v)
if (!file.exists(file("_expected.csv")) || length(readLines(file("_expected.csv"))) != rows_wanted + 1) {
  saveRDS(model, file(".rds"))
  writeLines(c(paste(names(rows), collapse = ","), do.call(paste, c(unname(lapply(rows, exact)), sep = ","))), file("_rows.csv"))
  writeLines(c("response", exact(answers)), file("_expected.csv"))
}
cat(sprintf('{"bench":"linear_r","kind":"%s","rows":%d,"columns":%d,"seconds":%.4f,"ns_per_row":%.2f}\n', kind, rows_wanted, columns,
            median(seconds), 1e9 * median(seconds) / rows_wanted))
