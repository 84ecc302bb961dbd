# Rows as columns that the library can be lent, named; NULL for those that the model does not look at.
columns_of <- function(newdata, model) {
  features <- model$features$name
  if (is.matrix(newdata)) newdata <- columns_of_matrix(newdata, features, model$family)
  if (!is.data.frame(newdata)) refuse(sprintf("newdata must be a data.frame or a matrix, not %s", shown(newdata)))
  known <- model$by_position | names(newdata) %in% features
  Map(function(name, column, known) if (known) lendable(name, column), names(newdata), as.list(newdata), known)
}

columns_of_matrix <- function(newdata, features, family) {
  if (is.null(colnames(newdata))) {
    if (ncol(newdata) != length(features)) {
      shown <- paste(c(head(features, 12), if (length(features) > 12) "..."), collapse = ", ")
      refuse(sprintf("newdata has %d columns, but %s takes %d: %s", ncol(newdata), family, length(features), shown))
    }
    colnames(newdata) <- features
  }
  as.data.frame(newdata, optional = TRUE)
}

lendable <- function(name, column) {
  if (!is.null(dim(column))) refuse(sprintf("column '%s' has %d columns itself, must be a vector", name, NCOL(column)))
  # Its doubles are other numbers' bits.
  if (inherits(column, "integer64")) refuse(sprintf("column '%s' is integer64: as.numeric() makes numbers of it", name))
  if (is.factor(column) || is.numeric(column) || is.logical(column) || is.character(column)) return(column)
  # What R's own families make of them, too.
  if (inherits(column, c("Date", "POSIXct", "difftime"))) return(unclass(column))
  refuse(sprintf("column '%s' is %s: a model takes numbers, truth values, texts, factors and dates", name, shown(column)))
}
