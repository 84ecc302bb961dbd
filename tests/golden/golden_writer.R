# Writes one golden case: a model file, its input rows, R's own answers and how to ask for them.
# The form is described in README.md beside this file. Sourced by make_golden.R.

suppressMessages(library(jsonlite))

# Every double keeps all its bits (%.17g); NA and NaN stay two different words; strings are always quoted.
csv_words <- function(v) {
  if (is.factor(v)) v <- as.character(v)
  if (is.character(v)) {
    words <- paste0("\"", gsub("\"", "\"\"", v, fixed = TRUE), "\"")
  } else if (is.logical(v)) {
    words <- ifelse(v, "TRUE", "FALSE")
  } else if (is.integer(v)) {
    words <- sprintf("%d", v)
  } else {
    words <- sprintf("%.17g", v)
    words[is.infinite(v)] <- ifelse(v[is.infinite(v)] > 0, "Inf", "-Inf")
    words[is.nan(v)] <- "NaN"
    words[is.na(v) & !is.nan(v)] <- "NA"
    return(words)
  }
  words[is.na(v)] <- "NA"
  words
}

write_rows <- function(columns, path) {
  out <- file(path, "wb")
  on.exit(close(out))
  header <- paste0("\"", gsub("\"", "\"\"", names(columns), fixed = TRUE), "\"", collapse = ",")
  body <- do.call(paste, c(unname(lapply(columns, csv_words)), sep = ","))
  writeLines(enc2utf8(c(header, body)), out, useBytes = TRUE)
}

column_type <- function(v) {
  if (is.ordered(v)) return(list(type = "ordered", levels = as.list(levels(v))))
  if (is.factor(v)) return(list(type = "factor", levels = as.list(levels(v))))
  list(type = if (is.logical(v)) "logical" else if (is.integer(v)) "integer" else if (is.numeric(v)) "double" else "character")
}

# One question to the model. `as` names the expected columns where `type` alone would collide with another question.
ask <- function(type, value, ..., as = type, tolerance = NULL) {
  list(type = type, value = value, params = list(...), as = as, tolerance = tolerance)
}

# A vector gives T, a matrix T:column, R's three-way array (multinomial, several n.trees) T:class.n.
answer_columns <- function(question) {
  v <- question$value
  if (length(dim(v)) == 3 && dim(v)[3] == 1) v <- matrix(v, nrow = dim(v)[1], dimnames = dimnames(v)[1:2])
  if (length(dim(v)) == 3) {
    labels <- as.vector(outer(dimnames(v)[[2]], dimnames(v)[[3]], paste, sep = "."))
    v <- matrix(v, nrow = dim(v)[1], dimnames = list(NULL, labels))
  }
  if (is.null(dim(v))) {
    return(setNames(list(if (is.factor(v)) v else as.vector(v)), question$as))
  }
  labels <- if (is.null(colnames(v))) seq_len(ncol(v)) else colnames(v)
  setNames(lapply(seq_len(ncol(v)), function(j) as.vector(unclass(v)[, j])), paste0(question$as, ":", labels))
}

cli_args <- function(question) {
  word <- function(v) paste(if (is.logical(v)) v else if (is.character(v)) v else sprintf("%.15g", v), collapse = ",")
  flags <- c("--type", question$type)
  for (key in names(question$params)) flags <- c(flags, "--param", paste0(key, "=", word(question$params[[key]])))
  as.list(flags)
}

# How a model object becomes a file. Returns the file's name, its description for meta.json, and a reader in R.
store_model <- function(model, folder, store) {
  file <- file.path(folder, if (store$format == "RData") "model.RData" else "model.rds")
  raw_stream <- function(path) {
    out <- file(path, "wb")
    serialize(model, out, ascii = store$ascii, xdr = store$xdr, version = store$version)
    close(out)
  }
  read <- function() readRDS(file)
  outer_tool <- c(zstd = "zstd -q -19 -c", lzma = "xz --format=lzma -6 -c")  # R knows .lzma by preset 6's 8 MB dictionary
  if (store$format == "RData") {
    m <- model
    other <- list(note = "a second object in the same file", numbers = 1:3)
    save(other, m, file = file, version = store$version)
    read <- function() { e <- new.env(); load(file, e); e$m }
  } else if (store$compress %in% names(outer_tool)) {
    plain <- tempfile()
    raw_stream(plain)
    stopifnot(system(paste(outer_tool[[store$compress]], shQuote(plain), ">", shQuote(file))) == 0)
    if (store$compress == "zstd") read <- function() readRDS(plain)  # this R cannot read zstd
  } else if (store$xdr && !is.na(store$ascii)) {
    saveRDS(model, file, ascii = store$ascii, version = store$version,
            compress = if (store$compress == "none") FALSE else store$compress)
  } else {
    raw_stream(file)
  }
  list(file = file, read = read)
}

stored_as <- function(format = "rds", version = 3, ascii = FALSE, xdr = TRUE, compress = "gzip") {
  list(format = format, version = version, ascii = ascii, xdr = xdr, compress = compress)
}

# Rows whose winning class R draws by lot: the largest (votes / ntree) / cutoff is reached more than once.
tie_rows <- function(votes, cutoff, ntree) {
  score <- sweep(unclass(votes) / ntree, 2, cutoff, "/")
  unname(which(apply(score, 1, function(s) !anyNA(s) && sum(s == max(s)) > 1)))
}

# `questions` is function(model, rows) -> list of ask(); it sees the model as read back from its file, so that a lossy
# (decimal ascii) file is answered as it is. `fails` is function(model, rows) that must stop; its message is recorded.
golden_case <- function(package, model, rows, call, questions = NULL, fails = NULL, notes = "", store = stored_as(),
                        tolerance = 0, ties = NULL, args = list(), fail_args = list("--type", "response")) {
  name <- CASE
  folder <- file.path(GOLDEN, name)
  unlink(folder, recursive = TRUE)
  dir.create(folder)
  stored <- store_model(model, folder, store)
  model <- stored$read()
  row.names(rows) <- NULL
  write_rows(rows, file.path(folder, "input.csv"))
  meta <- list(
    name = name, language = "R", class = class(model), package = package, package_version = as.character(packageVersion(package)),
    r_version = as.character(getRversion()), predict_call = call,
    serialization = list(format = store$format, version = store$version, ascii = as.character(store$ascii), xdr = store$xdr,
                         compress = store$compress),
    columns = lapply(as.list(rows), column_type), rows = nrow(rows), rel_tolerance = tolerance, notes = notes)
  if (is.null(fails)) {
    asked <- suppressMessages(suppressWarnings(questions(model, rows)))
    columns <- do.call(c, lapply(asked, answer_columns))
    stopifnot(!anyDuplicated(names(columns)), all(lengths(columns) == nrow(rows)))
    write_rows(columns, file.path(folder, "expected.csv"))
    meta$runs <- lapply(asked, function(q) {
      one <- list(columns = as.list(names(answer_columns(q))), args = c(cli_args(q), args))
      if (!is.null(q$tolerance)) one$rel_tolerance <- q$tolerance
      one
    })
    if (length(ties)) meta$random_tie_rows_1based <- as.list(ties)
  } else {
    message_of_r <- tryCatch({ suppressWarnings(fails(model, rows)); stop("no error came", call. = FALSE) },
                             error = function(e) conditionMessage(e))
    stopifnot(message_of_r != "no error came")
    meta$expect_error <- message_of_r
    meta$runs <- list(list(columns = list(), args = fail_args))
  }
  writeLines(toJSON(meta, auto_unbox = TRUE, pretty = 1, null = "null", digits = NA), file.path(folder, "meta.json"))
  size <- file.size(stored$file) / 1024
  cat(sprintf("%-36s %7.1f KB %4d rows %s%s\n", name, size, nrow(rows), if (is.null(fails)) "" else meta$expect_error,
              if (size > 60) "  BIG" else ""))
}
