# What goes wrong is a condition of class "scoria_error". Its `code` is the library's word for it: invalid, not_found, denied,
# too_large, exhausted, unavailable, corrupt, unsupported; or "library", when the library itself cannot be loaded.
refuse <- function(message, code = "invalid") {
  stop(structure(class = c("scoria_error", "error", "condition"), list(message = message, call = NULL, code = code)))
}

# What a person should know about predictions, such as levels that the model has not seen and how they were treated.
note <- function(message) {
  warning(structure(class = c("scoria_warning", "warning", "condition"), list(message = message, call = NULL)))
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

shown <- function(value) {
  if (is.null(value)) "NULL"
  else if (is.atomic(value) && length(value) == 1) deparse(unclass(value))
  else sprintf("%s of length %d", class(value)[[1]], length(value))
}
