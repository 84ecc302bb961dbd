# Times R's predict() of an e1071 svm with 20 columns: libsvm with sparse rows, one thread.
# Usage: Rscript bench/svm_r.R C-classification|one-classification [ROWS = 20000]
# Prints one JSON line.
args <- commandArgs(TRUE)
if (length(args) < 1) stop("usage: svm_r.R C-classification|one-classification [ROWS]")
rows_wanted <- as.integer(c(args[-1], "20000")[1])
columns <- 20
suppressPackageStartupMessages(library(e1071))

set.seed(20)
x <- matrix(rnorm(2000 * columns), 2000)
signal <- as.vector(x %*% rnorm(columns, 0, 0.4)) + sin(2 * x[, 1])
y <- if (args[1] == "C-classification") factor(signal > rnorm(2000, 0, 0.7))
model <- svm(x, y, type = args[1], gamma = 0.05, nu = 0.5, scale = FALSE)
rows <- matrix(rnorm(rows_wanted * columns), rows_wanted)
invisible(predict(model, rows[1:100, ]))
seconds <- system.time(predict(model, rows))[["elapsed"]]
cat(sprintf('{"bench":"svm_r","type":"%s","rows":%d,"vectors":%d,"ns_per_row_and_vector":%.3f}\n', args[1], rows_wanted, model$tot.nSV,
            1e9 * seconds / rows_wanted / model$tot.nSV))
