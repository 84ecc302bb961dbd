# What goes wrong is a condition of class "scoria_error". Its `code` is the library's word for it: invalid, not_found, denied,
# too_large, exhausted, unavailable, corrupt, unsupported; or "library", when the library itself cannot be loaded.
refuse <- function(message, code = "invalid") {
  stop(structure(class = c("scoria_error", "error", "condition"), list(message = message, call = NULL, code = code)))
}

# What a person should know about predictions, such as levels that the model has not seen and how they were treated.
note <- function(message) {
  warning(structure(class = c("scoria_warning", "warning", "condition"), list(message = message, call = NULL)))
}

# An iteration of a foreach loop that failed: `iteration`, `worker`, `node`, `output` (what it wrote), `parent` (the error of the
# expression itself, NULL where it was not R that failed) and `calls` (the stack, innermost last).
task_error <- function(message, iteration, worker, node, output = "", call = NULL, parent = NULL, calls = character()) {
  structure(class = c("scoria_task_error", "scoria_error", "simpleError", "error", "condition"),
            list(message = message, call = call, code = "failed", iteration = iteration, worker = worker, node = node, output = output,
                 parent = parent, calls = calls))
}

# The shim answers c(code, message) where the library refuses.
checked <- function(answer) {
  if (is.character(answer)) refuse(answer[[2]], answer[[1]])
  answer
}

# One word, with what it is called where it is none.
need_word <- function(value, what) {
  if (!is.character(value) || length(value) != 1 || is.na(value)) refuse(sprintf("%s must be one text, not %s", what, shown(value)))
  value
}

need_flag <- function(value, what) {
  if (!is.logical(value) || length(value) != 1 || is.na(value)) refuse(sprintf("%s must be TRUE or FALSE, not %s", what, shown(value)))
  value
}

# A number above zero; NULL stays NULL.
need_amount <- function(value, what) {
  if (is.null(value)) return(NULL)
  if (!is.numeric(value) || length(value) != 1 || is.na(value) || value <= 0) refuse(sprintf("%s must be a number above 0, not %s", what, shown(value)))
  value
}

# Iterations that travel together; NULL stays NULL.
need_chunk <- function(value, what) if (!is.null(value)) need_count(value, what, 1e9)

shown <- function(value) {
  if (is.null(value)) "NULL"
  else if (is.atomic(value) && length(value) == 1) deparse(unclass(value))
  else sprintf("%s of length %d", class(value)[[1]], length(value))
}
