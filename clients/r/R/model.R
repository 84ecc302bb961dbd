#' Open a model file
#'
#' @param path of the file: `.rds`, `.RData`, or what Python stored (pickle, joblib).
#' @param object of a workspace (`.RData`) with several objects: which; `NULL`: the only one.
#' @param threads that may share one call, the caller's among them: 1 to 1024. Answers are the same bits either way.
#' @param max_bytes that the file may hold, also once decompressed.
#' @return a `scoria_model`, for [predict()][predict.scoria_model]. It is a handle of this session and of its forked children
#'   (`parallel::mclapply`): in another session, load its file again.
#' @details A file that cannot be read as a model is an error of class `scoria_error`, whose `code` is `"not_found"`,
#'   `"denied"`, `"too_large"`, `"exhausted"`, `"unavailable"`, `"corrupt"`, `"unsupported"` or `"invalid"`; where the
#'   library itself cannot be loaded, `"library"`.
#' @examplesIf nzchar(Sys.getenv("SCORIA_LIBRARY"))
#' path <- tempfile(fileext = ".rds")
#' saveRDS(lm(dist ~ speed, cars), path)
#' model <- scoria_load(path)
#' predict(model, data.frame(speed = c(10, 20)), interval = "confidence")
#' @export
scoria_load <- function(path, object = NULL, threads = 1, max_bytes = 4 * 2^30) {
  need_word(path, "path")
  if (!is.null(object)) need_word(object, "object")
  threads <- need_count(threads, "threads", 1024)
  max_bytes <- need_count(max_bytes, "max_bytes", 2^53)
  load_library()
  handle <- checked(.Call(C_open, path.expand(path), object, as.integer(threads), as.double(max_bytes)))
  structure(list(handle = handle, path = path, description = described(.Call(C_describe, handle))), class = "scoria_model")
}

#' What a model is
#'
#' @inheritParams scoria_load
#' @return a list: `family`, `title`, `package`, `class`; `features`, a data.frame of the columns that predictions need (`name`,
#'   `type`, `used`, and `levels`, a list with `NULL` where there are none); `by_position`, whether columns are taken in
#'   their order; `types` of predictions, the default first; `parameters`, a data.frame (`name`, `description`); `labels` of
#'   the classes, `NULL` where there are none; `details`, a named character vector.
#' @examplesIf nzchar(Sys.getenv("SCORIA_LIBRARY"))
#' path <- tempfile(fileext = ".rds")
#' saveRDS(lm(dist ~ speed, cars), path)
#' scoria_inspect(path)$features
#' @export
scoria_inspect <- function(path, object = NULL) scoria_load(path, object)$description

#' @export
print.scoria_model <- function(x, ...) {
  cat(x$description$title, "\n", sep = "")
  invisible(x)
}

need_count <- function(value, what, most) {
  if (!is.numeric(value) || length(value) != 1 || is.na(value) || value < 1 || value > most || value != trunc(value)) {
    refuse(sprintf("%s is %s, must be a whole number from 1 to %.0f", what, shown(value), most))
  }
  value
}

# The library's JSON (docs/formats/model-json.md) as R has such things. jsonlite reads it: a reader of our own would be one more.
described <- function(json) {
  model <- jsonlite::parse_json(json)
  words <- function(from, field) vapply(from, function(one) one[[field]], "")
  model$class <- as.character(unlist(model$class))
  model$types <- as.character(unlist(model$types))
  if (!is.null(model$labels)) model$labels <- as.character(unlist(model$labels))
  model$details <- unlist(model$details)
  model$parameters <- data.frame(name = words(model$parameters, "name"), description = words(model$parameters, "description"))
  features <- data.frame(name = words(model$features, "name"), type = words(model$features, "type"),
                         used = vapply(model$features, function(one) one$used, NA))
  features$levels <- lapply(model$features, function(one) if (!is.null(one$levels)) as.character(unlist(one$levels)))
  model$features <- features
  model
}
