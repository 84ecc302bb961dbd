# Results as they come, combined as foreach combines them: the same calls of .combine with the same arguments, down to their names
# (rbind() makes row names of those), but without foreach's bookkeeping for each single result.
#
# list(add(first, results), finish()): `finish` gives the loop's result.

gather_of <- function(it, count, expr) {
  if (inherits(it, "iforeach")) gather_flat(it, count) else gather_nested(it)
}

# Errors of .combine: foreach prints them and goes on, and so does `%do%`.
combining <- function(code) {
  tryCatch(code, error = function(e) {
    cat("error calling combine function:\n")
    print(e)
  })
}

is_error <- function(value) inherits(value, "error")

gather_nested <- function(it) {
  accumulate <- foreach::makeAccum(it)
  list(add = function(first, results) for (i in seq_along(results)) combining(accumulate(results[i], as.integer(first) + i - 1L)),
       finish = function() foreach::getResult(it))
}

gather_flat <- function(it, count) {
  info <- it$combineInfo
  drops_errors <- it$errorHandling %in% c("stop", "remove")
  is_list <- identical(info$fun, foreach_list)
  results <- vector("list", count)
  ends <- integer(count)  # of the parts that have come, at their beginnings
  upto <- 0L  # so far all are there
  combined <- 0L

  # One call of .combine, with the results of `tags`.
  combine <- function(tags, values) {
    if (drops_errors) {
      good <- !vapply(values, is_error, NA)
      tags <- tags[good]
      values <- values[good]
    }
    if (length(tags) == 0) return()
    words <- paste0("result.", tags)
    names(values) <- words
    symbols <- lapply(words, as.name)
    call <- if (!state$first.time) as.call(c(fun, accum, symbols)) else if (length(words) > 1) as.call(c(fun, symbols)) else symbols[[1]]
    state$first.time <- FALSE
    state$accum <- eval(call, list2env(values, parent = state))
  }
  state <- it$state
  fun <- as.name("fun")
  accum <- as.name("accum")
  group <- function() info$max.combine - if (state$first.time) 0 else 1

  in_order <- function(first, values) {
    last <- first + length(values) - 1L
    results[first:last] <<- values
    ends[[first]] <<- as.integer(last)
    while (upto < count && ends[[upto + 1L]] > 0L) upto <<- ends[[upto + 1L]]
    if (is_list) return(invisible())  # in one go at the end
    is_ready <- function() upto - combined >= group() || (upto == count && upto > combined)
    while (is_ready()) combining(while (is_ready()) {
      tags <- seq.int(combined + 1L, min(upto, combined + group()))
      combined <<- tags[[length(tags)]]
      combine(tags, results[tags])
      results[tags] <<- list(NULL)
    })
  }

  tags <- integer()
  held <- list()
  as_they_come <- function(first, values) {
    tags <<- c(tags, first - 1L + seq_along(values))
    held <<- c(held, values)
    upto <<- upto + length(values)
    is_ready <- function() length(tags) >= group() || (upto == count && length(tags) > 0)
    while (is_ready()) combining(while (is_ready()) {
      now <- seq_len(min(length(tags), group()))
      some <- list(tags[now], held[now])
      tags <<- tags[-now]
      held <<- held[-now]
      combine(some[[1]], some[[2]])
    })
  }

  list(add = if (info$in.order) in_order else as_they_come,
       finish = function() {
         if (is_list && info$in.order) {
           if (drops_errors) results <- results[!vapply(results, is_error, NA)]
           it$state$accum <- c(it$state$accum, results)
         }
         foreach::getResult(it)
       })
}

# foreach's own default of .combine, which it does not export: the one of a loop without any.
foreach_list <- foreach::foreach(i = 1)$combineInfo$fun
