# What the iterations of a loop are given: list(count, slice(first, count)), where a slice is list(count, columns | rows).

# Vectors and lists, which most loops run over, are cut as they are; other iterators are asked for all elements first.
arguments_of <- function(it) {
  if (inherits(it, "iforeach") && all(vapply(it$iargs, is_plain, NA))) {
    columns <- lapply(it$iargs, function(one) unname(one$state$obj))
    count <- min(lengths(columns))
    columns <- columns[nzchar(it$argnames)]
    names(columns) <- it$argnames[nzchar(it$argnames)]
    return(list(count = count, is_plain = TRUE, slice = function(first, count) {
      list(count = count, columns = lapply(columns, function(column) column[first - 1 + seq_len(count)]))
    }))
  }
  rows <- as.list(it)
  list(count = length(rows), is_plain = FALSE, slice = function(first, count) list(count = count, rows = rows[first - 1 + seq_len(count)]))
}

# Whether an iterator gives the elements x[[1]], x[[2]], ... of a vector without a class.
is_plain <- function(iterator) {
  inherits(iterator, "containeriter") && identical(iterator$state$i, 0L) && !iterator$recycle && isTRUE(body(iterator$checkFunc)) &&
    !is.object(iterator$state$obj) && typeof(iterator$state$obj) %in% c("logical", "integer", "double", "complex", "character", "raw", "list")
}

# Random numbers: where the session's generator is "L'Ecuyer-CMRG" and seeded, each iteration has a stream of its own, whoever runs it:
# a matrix with a column of .Random.seed for each. The session's own moves on, so that the next loop has others.
streams_of <- function(count, seed = NULL) {
  before <- globalenv()[[".Random.seed"]]
  if (is.null(seed)) {
    if (is.null(before) || before[[1]] %% 100L != 7L) return(NULL)  # 7: L'Ecuyer-CMRG
  } else {
    kind <- RNGkind()
    on.exit({
      do.call(RNGkind, as.list(kind))
      if (is.null(before)) rm(".Random.seed", envir = globalenv()) else assign(".Random.seed", before, globalenv())
    })
    set.seed(seed, "L'Ecuyer-CMRG")
  }
  stream <- globalenv()[[".Random.seed"]]
  streams <- matrix(0L, 7, count)
  for (i in seq_len(count)) streams[, i] <- stream <- parallel::nextRNGStream(stream)
  if (is.null(seed)) assign(".Random.seed", parallel::nextRNGStream(stream), globalenv())
  streams
}

# How many of `remaining` iterations the next chunk has: ever fewer, so that workers end together; but enough of quick ones that
# sending them is not what takes the time. `seconds`: of an iteration, NA where that is not known yet.
chunk_size <- function(remaining, workers, seconds, fixed = NULL) {
  if (!is.null(fixed)) return(min(remaining, fixed))
  size <- ceiling(remaining / (8 * workers))
  if (!is.na(seconds)) size <- max(size, min(quick_chunk_seconds / max(seconds, 1e-7), ceiling(remaining / (2 * workers))))
  min(remaining, max(1, floor(size)))
}
quick_chunk_seconds <- 0.002
