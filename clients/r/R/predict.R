#' Score rows with a model
#'
#' @param object a model, from [scoria_load()].
#' @param newdata a data.frame, whose columns are found by name in any order; columns that the model does not know are not looked at.
#'   Or a matrix: its columns are found by name, or taken in the model's order where they have no names.
#' @param type of the prediction, by the names that the package of the model has for it (`scoria_inspect(path)$types`); `NULL`:
#'   the first of them. Several types give a list.
#' @param ... what R's own `predict()` of the family takes beside, by name: `n.trees = 100`, `interval = "confidence"`
#'   (`scoria_inspect(path)$parameters`).
#' @return what R's own `predict()` gives, one element or row for each row of `newdata`: a numeric vector, a factor, or a
#'   matrix with a column for each class, tree count or component. A list by name where there are several: of several
#'   types, or with standard errors. Row names of `newdata` other than 1, 2, ... are kept.
#' @details Columns may be numeric, integer, logical, character or factor; dates and times count as their numbers. `NA` is
#'   missing; `NaN` is a number. Rows that the model does not take are an error of class `scoria_error` that names row
#'   and column; what else there is to know, such as how unknown levels were treated, is a warning of class `scoria_warning`.
#' @export
predict.scoria_model <- function(object, newdata, type = NULL, ...) {
  if (missing(newdata)) refuse("newdata is missing: a model is asked for rows, those it was fitted on are not kept")
  if (!is.null(type) && (!is.character(type) || length(type) == 0 || anyNA(type))) {
    refuse(sprintf("type must be a text, one of %s, not %s", paste(object$description$types, collapse = ", "), shown(type)))
  }
  parameters <- parameter_words(...)
  columns <- columns_of(newdata, object$description)
  answers <- lapply(seq(0, max(nrow(newdata) - 1, 0), by = block_rows), function(first) {
    answer <- checked(.Call(C_score, object$handle, unname(columns), names(columns), first, min(nrow(newdata) - first, block_rows), type,
                            names(parameters), unname(parameters)))
    if (is.null(answer)) refuse(sprintf("the model was opened in another session: open it again with scoria_load(\"%s\")", object$path))
    answer
  })
  for (text in unique(unlist(lapply(answers, `[[`, "notes")))) note(text)
  columns <- lapply(answers, `[[`, "columns")
  shaped(if (length(columns) == 1) columns[[1]] else do.call(Map, c(f = c, columns)), row_names(newdata))
}

# So many rows are asked for at once: between two blocks R looks whether it is interrupted.
block_rows <- 2^18

# R's parameters as the library takes them: words, with commas between several values.
parameter_words <- function(...) {
  parameters <- Filter(Negate(is.null), list(...))
  if (length(parameters) == 0) return(NULL)
  if (is.null(names(parameters)) || !all(nzchar(names(parameters)))) refuse("arguments after type must be named, such as n.trees = 100")
  vapply(names(parameters), function(name) {
    value <- parameters[[name]]
    if (!is.atomic(value) || length(value) == 0 || anyNA(value)) {
      refuse(sprintf("%s must be numbers, texts or truth values, not %s", name, shown(value)))
    }
    paste(if (is.double(value)) exact_words(value) else as.character(value), collapse = ",")
  }, "")
}

# Short where that is the same number, for messages that show it; as many digits as it takes where not.
exact_words <- function(numbers) {
  short <- sprintf("%.15g", numbers)
  ifelse(as.numeric(short) == numbers, short, sprintf("%.17g", numbers))
}

row_names <- function(newdata) {
  if (is.matrix(newdata)) rownames(newdata)
  else if (!identical(attr(newdata, "row.names"), seq_len(nrow(newdata)))) row.names(newdata)
}

# Columns named TYPE or TYPE:LABEL as R has them: a vector, or a matrix with the labels; a list of such for several types.
shaped <- function(columns, row_names) {
  colon <- regexpr(":", names(columns), fixed = TRUE)
  types <- ifelse(colon > 0, substr(names(columns), 1, colon - 1), names(columns))
  labels <- ifelse(colon > 0, substring(names(columns), colon + 1), NA)
  answers <- lapply(split(seq_along(columns), factor(types, unique(types))), function(own) {
    if (length(own) == 1 && is.na(labels[own])) {
      answer <- columns[[own]]
      names(answer) <- row_names
      return(answer)
    }
    # One column that has a label is a matrix as well: R's probabilities of one class, its one component.
    matrix(unlist(columns[own], use.names = FALSE), ncol = length(own), dimnames = list(row_names, labels[own]))
  })
  if (length(answers) == 1) answers[[1]] else answers
}
