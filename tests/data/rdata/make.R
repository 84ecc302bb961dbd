# Makes the files beside this script and dumps.txt, what R reads back from each of them.
# usage: Rscript make.R    (R 4.2.2 made those that are checked in; needs base R only)
source("dump.R")
options(keep.source = FALSE)
suppressWarnings(library(methods))
setClass("Point", representation(x = "numeric", label = "character"), where = globalenv())
setClass("Measured", representation(unit = "character"), contains = "numeric", where = globalenv())

text <- function(hex, encoding) {
  s <- rawToChar(as.raw(strtoi(hex, 16L)))
  Encoding(s) <- encoding
  s
}
nan_with_payload <- readBin(as.raw(c(0x7f, 0xf8, 0, 0, 0, 0, 0x12, 0x34)), "double", endian = "big")
quiet_na <- readBin(as.raw(c(0x7f, 0xf8, 0, 0, 0, 0, 0x07, 0xa2)), "double", endian = "big")

cyclic <- new.env(parent = emptyenv())
cyclic$self <- cyclic
cyclic$inner <- new.env(parent = cyclic, hash = FALSE)
cyclic$inner$outer <- cyclic
bound <- function(x) x + outer_value
environment(bound) <- cyclic
cyclic$f <- bound
locked <- new.env(parent = globalenv())
assign("b", 2, locked)
assign(".a", 1L, locked)
attr(locked, "note") <- "kept"
lockEnvironment(locked, bindings = TRUE)

compiled <- compiler::cmpfun(local(function(x, n = length(x), ...) {
  total <- 0
  for (i in seq_len(n)) {
    total <- total + switch(class(x)[1], numeric = x[[i]], integer = x[[i]] * 2L, stop("type"))
    if (is.na(total)) return(NA) else next
  }
  helper <- function(a, b = quote(a + b)) tryCatch(a[["k", exact = FALSE]], error = function(e) NULL)
  while (TRUE) { if (total > 10) break; total <- total + 1 }
  ~ x + y | z
  list(total, helper, function(u) u^2)
}, new.env(parent = baseenv())), options = list(optimize = 3))
with_source <- eval(parse(text = "function(x) {\n  # a comment\n  x + 1\n}", keep.source = TRUE), baseenv())

wrapped <- function(x) .Internal(wrap_meta(x, TRUE, TRUE))

vectors <- list(
  logical = c(TRUE, FALSE, NA), integer = c(1L, NA, -2147483647L, 2147483647L),
  double = c(0, -0, 1, -1.5, NA, NaN, nan_with_payload, quiet_na, Inf, -Inf, 5e-324, 1e-310, .Machine$double.xmax, 0.1 + 0.2, pi),
  complex = complex(real = c(1, NA, -0), imaginary = c(2, 0, NaN)), raw = as.raw(c(0, 1, 127, 128, 255)),
  character = c("plain", "", NA, "NA", "tab\t line\n quote\" apostrophe' question? backslash\\ bell\a \001 end", "  blanks  ",
    text(c("c3", "a9", "e2", "82", "ac"), "UTF-8"), text(c("e9", "80", "a0"), "latin1"), text(c("ff", "fe"), "bytes")),
  empty = list(logical(), integer(), double(), complex(), character(), raw(), list(), expression(), NULL))
structures <- list(
  frame = data.frame(x = 1:3, f = factor(c("u", NA, "v")), s = c("a", "b", NA), stringsAsFactors = FALSE),
  named_rows = data.frame(y = c(1.5, NA), row.names = c("one", "two")),
  matrix = matrix(1:6 + 0, 2, dimnames = list(NULL, c("a", "b", "c"))), array = array(1:8, c(2, 2, 2)),
  date = as.Date("2024-02-29"), time = as.POSIXct(0, origin = "1970-01-01", tz = "UTC"), ordered = factor("lo", c("lo", "hi"), ordered = TRUE),
  nested = list(list(list(1, list("deep")))), partly_named = list(a = 1, 2, b = NULL), series = ts(c(1, 2, 3), start = 2000, frequency = 12))
language <- list(
  symbol = quote(x), odd_symbol = as.name("caf\u00e9 au lait"), call = quote(f(x, y = 2L, , ...)[1]$z), formula = structure(y ~ x + log(z), .Environment = globalenv()),
  expression = expression(a + b, c, 3), pairlist = pairlist(a = 1, 2, b = "x", NULL), formals = as.pairlist(alist(x = , y = 2, ... = )),
  attributed_call = structure(quote(g(h(1))), note = "kept"), braces = quote({ if (a) b else c; for (i in 1:10) print(i); function(x, y = 2) x }))
functions <- list(plain = local(function(x, y = x * 2, ...) x + y, globalenv()), compiled = compiled, with_source = with_source, builtin = sum, special = `if`, primitive = `[[`)
environments <- list(cyclic = cyclic, again = cyclic$inner, locked = locked, global = globalenv(), base = baseenv(), empty = emptyenv(),
  base_namespace = .BaseNamespaceEnv, namespace = asNamespace("stats"), package = as.environment("package:stats"), pointer = structure(new("externalptr"), class = "handle"))
objects <- list(point = new("Point", x = c(1, 2), label = "p"), measured = new("Measured", c(3, 4), unit = "m"), generic = structure(list(1), class = c("sub", "base")))
options(scipen = 0)
long_enough <- c(seq(100L, 37L), NA)
altrep <- list(
  up = 1:10, down = 5:-3, one = 7:7, real = 2147483648:2147483655, real_down = 2147483650:2147483645, characters = as.character(1:12),
  deferred_real = as.character(c(1.5, NA, 1e5, 100000, 123456, 1e15, 1e-5, 0.0001, 0.1 + 0.2, 1/3, -2/3, 1e300, 1e-300, NaN, Inf, -Inf, 0, -0, 1e22, 123456789012345678, 2^53)),
  wrapped_integer = wrapped(long_enough), wrapped_real = wrapped(long_enough / 3), wrapped_logical = wrapped(long_enough > 50L), wrapped_character = wrapped(sprintf("s%d", long_enough)),
  wrapped_list = wrapped(as.list(long_enough)), wrapped_complex = wrapped(long_enough + 1i), wrapped_raw = wrapped(as.raw(37:100)),
  named = structure(wrapped(long_enough / 7), class = "seconds", unit = "s"), sorted = sort(long_enough, method = "radix"))
options(scipen = 5)
altrep$penalty <- as.character(c(1e5, 1e9, 1e10, 1e15, 1e-7, 1e-12))
options(scipen = 0)
set.seed(1)
numbers <- c(10^(-20:20), 123456 * 10^(-30:20), round(rnorm(400), 1:8), rnorm(200) * 10^runif(200, -18, 22), (1:200) / 128, 2^(0:80), 1 / (1:100), 1e5 * (1:50))

files <- character()
put <- function(name, x, version = 3L, ascii = FALSE, xdr = TRUE, open = file) {
  connection <- open(name, "wb")
  writeBin(serialize(x, NULL, ascii = ascii, xdr = xdr, version = version), connection)
  close(connection)
  files <<- c(files, name)
}
everything <- list(vectors = vectors, structures = structures, language = language, functions = functions, environments = environments, objects = objects)
for (name in names(everything)) {
  x <- everything[[name]]
  for (version in 2:3) {
    put(sprintf("%s.xdr.v%d.gz", name, version), x, version, open = gzfile)
    put(sprintf("%s.native.v%d.gz", name, version), x, version, xdr = FALSE, open = gzfile)
    put(sprintf("%s.ascii.v%d.gz", name, version), x, version, ascii = TRUE, open = gzfile)
    put(sprintf("%s.hex.v%d.gz", name, version), x, version, ascii = NA, open = gzfile)
  }
}
put("altrep.xdr.v3.gz", altrep, open = gzfile)
put("altrep.ascii.v3.gz", altrep, ascii = NA, open = gzfile)
put("altrep.xdr.v2.gz", altrep, version = 2L, open = gzfile)
put("numbers.xdr.v3.gz", as.character(numbers), open = gzfile)
put("vectors.xdr.v3.bz2", vectors, open = bzfile)
put("vectors.xdr.v3.xz", vectors, open = xzfile)
put("vectors.xdr.v3", vectors)

# Not in dumps.txt: tests say what is in them.
put("long_pairlist.xdr.v3.gz", as.pairlist(as.list(rep(1:10, 10000))), open = gzfile)
promises <- new.env(parent = emptyenv())
delayedAssign("waiting", stop("never evaluated"), eval.env = globalenv(), assign.env = promises)
put("promise.xdr.v3.gz", promises, open = gzfile)
workspace <- new.env()
assign("numbers", c(1, 2), workspace)
assign("words", "hello", workspace)
files <- setdiff(files, c("long_pairlist.xdr.v3.gz", "promise.xdr.v3.gz"))
for (version in 2:3) {
  save(numbers, words, envir = workspace, file = sprintf("workspace.v%d.RData", version), version = version)
  save(numbers, words, envir = workspace, file = sprintf("workspace.ascii.v%d.RData", version), version = version, ascii = TRUE)
}

# readRDS() takes a connection as it is; opened by gzfile() it recognises every compression.
dumps <- unlist(lapply(sort(files, method = "radix"), function(name) {
  connection <- gzfile(name, "rb")
  on.exit(close(connection))
  c(paste("==", name), dump_text(readRDS(connection)))
}))
# Most dumps are the same in several files: only the first is written, the others name it.
sections <- split(dumps, cumsum(startsWith(dumps, "== ")))
bodies <- vapply(sections, function(s) paste(s[-1], collapse = "\n"), "")
titles <- vapply(sections, `[`, "", 1)
first <- match(bodies, bodies)
connection <- gzfile("dumps.txt.gz", "wb")
for (i in seq_along(titles)) writeLines(c(titles[i], if (first[i] == i) bodies[i] else sub("== ", "as ", titles[first[i]])), connection)
close(connection)
