# Writes types.csv and what R's own read.csv makes of it, types.expected.tsv: one line per cell with column, row, R's class
# and the value (doubles as hexadecimal, so that no reader is needed to compare them).
# Rscript make_types.R, in this folder; the committed files are from R 4.2.2.
# Every decimal has at most 15 digits and a small exponent: beyond that R's reader is up to 1 ulp off.
set.seed(1)
n <- 40
cells <- list(
  int = c("1", "-7", "+3", "NA", "", "2147483647", "-2147483647", "007", rep("12", n - 8)),
  wide = c("2147483648", as.character(seq_len(n - 1))),
  dbl = c("0.5", "-1.25e3", ".5", "5.", "NA", "", "1E-5", "0x1A", format(round(rnorm(n - 8), 6), digits = 10, trim = TRUE)),
  special = c("NaN", "Inf", "-Inf", "inf", "NA", rep("1", n - 5)),
  flag = rep(c("TRUE", "FALSE", "T", "F", "NA"), length.out = n),
  none = rep(c("NA", ""), length.out = n),
  word = c("a", "", "NA", "\"x,y\"", "\"he said \"\"no\"\"\"", "\"two\nlines\"", " b ", "\u00e9", rep("c", n - 8)),
  mixed = c("1", "2.5", "x", rep("3", n - 3)),
  late = c(rep("1", n - 1), "0.25"),
  quoted = c("\"1\"", "\"2\"", rep("3", n - 2)))
lines <- c(paste(names(cells), collapse = ","), do.call(paste, c(cells, sep = ",")))
writeLines(enc2utf8(lines), "types.csv", useBytes = TRUE)

table <- read.csv("types.csv", stringsAsFactors = FALSE, encoding = "UTF-8")
value <- function(x) {
  out <- if (is.double(x)) sprintf("%a", x) else as.character(x)
  out[is.na(x) & !is.nan(x)] <- "<missing>"
  gsub("\n", "\\\\n", out)
}
out <- unlist(lapply(names(table), function(name) {
  paste(name, seq_len(n), class(table[[name]]), value(table[[name]]), sep = "\t")
}))
writeLines(enc2utf8(out), "types.expected.tsv", useBytes = TRUE)
