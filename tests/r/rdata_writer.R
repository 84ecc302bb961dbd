# R reads what our writer wrote, and it is identical() to the original.
# usage: Rscript tests/r/rdata_writer.R path/to/rdata_rewrite    (run from the top of the tree; needs base R only)
rewrite_tool <- commandArgs(trailingOnly = TRUE)[1]
source("tests/data/rdata/dump.R")
options(keep.source = FALSE)
seed <- as.integer(Sys.time())
set.seed(seed)
folder <- tempfile("rdata")
dir.create(folder)
failures <- 0L
checks <- 0L

rewritten <- function(x, version, format) {
  from <- file.path(folder, "from.rds")
  to <- file.path(folder, "to.rds")
  suppressWarnings(saveRDS(x, from, version = 3))  # of packages that may not be attached later
  status <- system2(rewrite_tool, c(shQuote(from), shQuote(to), version, format))
  if (status != 0) stop("rdata_rewrite failed")
  readRDS(to)
}

# Functions and environments come back as other ones of the same content: those are compared by their dump.
check <- function(name, x, same = identical) {
  for (version in 2:3) for (format in c("xdr", "ascii")) {
    ok <- tryCatch(same(rewritten(x, version, format), x), error = function(e) conditionMessage(e))
    checks <<- checks + 1L
    if (!isTRUE(ok)) {
      failures <<- failures + 1L
      cat(sprintf("FAILED: %s, version %d, %s: %s\n", name, version, format, ok))
    }
  }
}
# The payload of a NaN does not survive R's ascii format, so bits are compared where R can keep them.
same_bits <- function(a, b) identical(a, b, single.NA = TRUE, attrib.as.set = FALSE)
same_dump <- function(a, b) identical(dump_text(a), dump_text(b))

for (name in c("vectors", "structures", "language", "objects")) {
  x <- readRDS(file.path("tests/data/rdata", paste0(name, ".xdr.v3.gz")))
  for (part in names(x)) check(paste0(name, "$", part), x[[part]], same_bits)
}
environments <- readRDS("tests/data/rdata/environments.xdr.v3.gz")
environments$pointer <- NULL
check("environments", environments, same_dump)
functions <- readRDS("tests/data/rdata/functions.xdr.v3.gz")
for (part in names(functions)) check(paste0("functions$", part), functions[[part]], same_dump)
altrep <- readRDS("tests/data/rdata/altrep.xdr.v3.gz")
check("altrep", altrep, same_bits)

numbers <- c(rnorm(20000) * 10^runif(20000, -300, 300), round(rnorm(20000) * 10^sample(-3:8, 20000, TRUE), sample(0:8, 20000, TRUE)),
  runif(20000) * 10^sample(0:17, 20000, TRUE), round(runif(20000) * 10^sample(0:17, 20000, TRUE)), sample(1e6, 20000) / 10^sample(0:9, 20000, TRUE))
check(sprintf("numbers as text (seed %d)", seed), as.character(numbers))
check(sprintf("numbers (seed %d)", seed), numbers)

fit <- lm(mpg ~ poly(wt, 2) + factor(cyl), mtcars)
for (version in 2:3) for (format in c("xdr", "ascii")) {
  checks <- checks + 1L
  if (!identical(predict(rewritten(fit, version, format), mtcars), predict(fit, mtcars))) {
    failures <- failures + 1L
    cat("FAILED: predictions of a rewritten lm, version", version, format, "\n")
  }
}
frame <- data.frame(id = 1:3, when = as.Date("2024-02-28") + 0:2, label = c("a", NA, "\u00e9"), stringsAsFactors = TRUE)
check("data frame", frame)

unlink(folder, recursive = TRUE)
cat(sprintf("rdata_writer: %d checks, %d failed\n", checks, failures))
quit(status = if (failures > 0L) 1L else 0L)
