# A canonical text of any R value, bit for bit. src/rdata/dump_for_tests.cc writes the same from what it reads: the two agree
# exactly when the reader has read everything right. One line per value: what it is called, what it is, what it holds.
# Attributes and variables are sorted by name, environments numbered as they are met.

dump_text <- function(x) {
  out <- character()
  seen <- list()
  line <- function(depth, label, ...) out[[length(out) + 1L]] <<- paste0(strrep(" ", depth), label, ": ", ...)
  hex <- function(bytes) paste(as.character(bytes), collapse = "")
  bits <- function(x) {
    if (length(x) == 0L) return(character())
    apply(matrix(as.character(writeBin(x, raw(), endian = "big")), nrow = 8L * (1L + is.complex(x))), 2L, paste, collapse = "")
  }
  vector_line <- function(depth, label, flags, type, x) {
    line(depth, label, type, flags, " [", length(x), "]", paste0(" ", x, recycle0 = TRUE, collapse = ""))
  }
  texts <- function(x) {
    vapply(seq_along(x), function(i) {
      if (is.na(x[i])) "NA" else paste0(Encoding(x[i]), ":", hex(charToRaw(x[i])))
    }, "")
  }
  sorted <- function(names) sort(as.character(names), method = "radix")
  is_missing_argument <- function(items, i) identical(.subset2(items, i), quote(expr = ))
  cells <- function(depth, items) {
    names <- names(items)
    for (i in seq_along(items)) {
      label <- if (is.null(names) || names[i] == "") "." else names[i]
      if (is_missing_argument(items, i)) line(depth, label, "missing") else value(depth, label, .subset2(items, i))
    }
  }
  attributes_of <- function(depth, x) {
    a <- attributes(x)
    if (!is.null(a[["row.names"]])) a[["row.names"]] <- .row_names_info(x, 0L)
    if (is.pairlist(x)) a[["names"]] <- NULL
    if (is.call(x)) a[["names"]] <- NULL
    for (name in sorted(names(a))) value(depth + 1L, paste0("@", name), a[[name]])
  }
  environment_line <- function(depth, label, x) {
    if (identical(x, globalenv())) return(line(depth, label, "globalenv"))
    if (identical(x, emptyenv())) return(line(depth, label, "emptyenv"))
    if (identical(x, baseenv())) return(line(depth, label, "baseenv"))
    if (identical(x, .BaseNamespaceEnv)) return(line(depth, label, "base namespace"))
    if (isNamespace(x)) return(line(depth, label, "namespace ", getNamespaceName(x)))
    if (grepl("^package:", environmentName(x)) || !is.null(attr(x, "name"))) {
      return(line(depth, label, "package ", attr(x, "name")))
    }
    for (i in seq_along(seen)) if (identical(seen[[i]], x)) return(line(depth, label, "environment #", i))
    seen[[length(seen) + 1L]] <<- x
    line(depth, label, "environment", if (environmentIsLocked(x)) " locked", " new #", length(seen))
    value(depth + 1L, "enclosure", parent.env(x))
    for (name in sorted(ls(x, all.names = TRUE, sorted = FALSE))) value(depth + 1L, name, get(name, envir = x, inherits = FALSE))
    attributes_of(depth, x)
  }
  value <- function(depth, label, x) {
    flags <- paste0(if (is.object(x)) " object", if (isS4(x)) " S4")
    type <- typeof(x)
    if (type == "environment") return(environment_line(depth, label, x))
    bare <- x
    if (type %in% c("logical", "integer", "double", "complex", "character", "raw", "list", "expression")) {
      bare <- if (isS4(x)) as.vector(asS4(unclass(x), FALSE)) else as.vector(unclass(x))
      if (type == "list" || type == "expression") bare <- unname(bare)
    }
    switch(type,
      "NULL" = line(depth, label, "NULL"),
      logical = vector_line(depth, label, flags, "logical", as.integer(bare)),
      integer = vector_line(depth, label, flags, "integer", as.integer(bare)),
      double = vector_line(depth, label, flags, "double", bits(bare)),
      complex = vector_line(depth, label, flags, "complex", bits(bare)),
      raw = vector_line(depth, label, flags, "raw", as.character(bare)),
      character = vector_line(depth, label, flags, "character", texts(as.character(bare))),
      list = , expression = {
        line(depth, label, type, flags, " [", length(bare), "]")
        for (i in seq_along(bare)) {
          if (is_missing_argument(bare, i)) line(depth + 1L, ".", "missing") else value(depth + 1L, ".", .subset2(bare, i))
        }
      },
      symbol = line(depth, label, "symbol ", hex(charToRaw(enc2utf8(as.character(x))))),
      pairlist = , language = {
        line(depth, label, type, flags, " [", length(x), "]")
        cells(depth + 1L, as.list(x))
      },
      closure = {
        line(depth, label, "closure", flags)
        value(depth + 1L, "formals", formals(x))
        value(depth + 1L, "body", body(x))
        value(depth + 1L, "environment", environment(x))
      },
      builtin = , special = line(depth, label, type, " ", sub('^.*Primitive\\("(.*)"\\).*$', "\\1", capture.output(print(x))[1])),
      S4 = line(depth, label, "S4", flags),
      externalptr = line(depth, label, "externalptr", flags),
      stop("no dump of type ", type))
    if (type != "symbol" && type != "builtin" && type != "special") attributes_of(depth, x)
  }
  value(0L, "root", x)
  out
}
