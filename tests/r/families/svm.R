# Random support vector machines of e1071 for live_compare.R, which sources this.
suppressMessages(library(e1071))

# The rows that predict() left out have no answer.
all_rows <- function(value, kept, n) {
  if (is.matrix(value)) {
    full <- matrix(NA_real_, n, ncol(value), dimnames = list(NULL, colnames(value)))
    full[kept, ] <- value
    return(full)
  }
  full <- value[rep(NA_integer_, n)]
  full[kept] <- value
  unname(full)
}

# type -> R's answers, as scoria names them.
svm_answers <- function(model, rows, n = nrow(rows)) {
  p <- predict(model, rows, decision.values = TRUE)
  kept <- if (is.null(names(p))) seq_len(n) else as.integer(names(p))
  plain <- p
  attributes(plain) <- attributes(p)[c("levels", "class")]
  decision <- attr(p, "decision.values")
  answers <- list()
  if (is.logical(plain)) plain <- as.character(plain)
  answers[[if (model$type < 2) "class" else if (model$type == 2) "inlier" else "response"]] <- all_rows(plain, kept, n)
  answers$decision <- all_rows(if (model$type < 2) decision else decision[, 1], kept, n)
  if (model$type < 2 && model$compprob) {
    q <- predict(model, rows, probability = TRUE)
    answers$prob <- all_rows(attr(q, "probabilities"), kept, n)
    attributes(q) <- attributes(p)[c("levels", "class")]
    answers$most_probable <- all_rows(q, kept, n)
  }
  answers
}

random_svm <- function() {
  x <- random_columns(sample(30:150, 1), most_levels = one_of(3, 8))
  if (chance(0.3)) x$flag <- runif(nrow(x)) < 0.5
  names(x) <- sub("^Price\\.", one_of("Price.", "net price"), names(x))
  is_number <- vapply(x, is.numeric, NA)
  by_formula <- !all(is_number) || chance(0.5)
  type <- one_of("C-classification", "nu-classification", "one-classification", "eps-regression", "nu-regression")
  is_class <- grepl("^(C|nu)-class", type)
  y <- signal(x)
  if (is_class) y <- if (chance(0.2)) as.integer(y > median(y)) else classes_of(y, sample(2:5, 1))
  options <- list(type = type, kernel = one_of("linear", "polynomial", "radial", "sigmoid"), cost = one_of(0.1, 1, 20),
                  nu = one_of(0.05, 0.2), degree = sample(1:5, 1), coef0 = one_of(0, 1, -0.5), epsilon = one_of(0.01, 0.3),
                  probability = is_class && chance(0.5), scale = chance(0.8), fitted = chance(0.2))
  if (chance(0.7)) options$gamma <- one_of(0.01, 0.2, 1.5)
  if (chance(0.3) && !by_formula) options$scale <- sample(c(TRUE, FALSE), ncol(x), TRUE)
  is_sparse <- !by_formula && chance(0.3) && requireNamespace("SparseM", quietly = TRUE)
  no_response <- type == "one-classification" && chance(0.7)
  if (by_formula) {
    quoted <- sprintf("`%s`", names(x))
    right <- "."
    first <- quoted[is_number][1]
    if (chance(0.3)) right <- paste(c(sample(quoted), sprintf("I(%s / 2)", first)), collapse = " + ")
    if (chance(0.3)) right <- paste(c(quoted, paste0(quoted[1], ":", quoted[2])), collapse = " + ")
    arguments <- list(formula_of(paste(if (!no_response) "the_response", "~", right)), if (no_response) x else cbind(the_response = y, x))
  } else {
    if (chance(0.2)) x <- unname(as.matrix(x))
    fit_x <- if (is_sparse) SparseM::as.matrix.csr(as.matrix(round(as.matrix(x), 1))) else x
    arguments <- list(fit_x, if (!no_response) y)
  }
  model <- fitted_or_null(do.call(svm, c(arguments, options)))
  if (is.null(model) || model$tot.nSV == 0) return(invisible())
  model$call <- NULL
  # data.frame() made the names of the columns valid; scoria goes by those that the model has.
  if (!by_formula && is.data.frame(x)) names(x) <- make.names(names(x), unique = TRUE)
  rows <- new_rows(as.data.frame(x), sample(c(2, 7, 300), 1), beyond = chance(0.5))[names(as.data.frame(x))]
  if (is_sparse) rows <- round(rows, 1)
  if (!is_sparse && chance(0.4)) rows <- with_missing(rows, 0.1)
  kept <- which(stats::complete.cases(rows))
  if (length(kept) < 2) return(invisible())
  answers <- fitted_or_null(svm_answers(model, if (by_formula) rows else as.matrix(rows), nrow(rows)))
  if (is.null(answers)) return(invisible())
  type_asked <- sample(names(answers), 1)
  # Sums of terms up to the coefficients' size cancel: what is left has their rounding.
  rounding <- 1e-13 * sum(abs(model$coefs)) * (if (model$kernel < 2) 100 else 1)
  parameters <- if (type_asked == "most_probable") list(probability = TRUE) else list()
  compare(paste("svm", type, options$kernel, type_asked), model, rows, if (type_asked == "most_probable") "class" else type_asked,
          answers[[type_asked]], parameters, if (type_asked == "prob") 1e-9 else 1e-12, floor = SVM_FLOOR * rounding)
}
SVM_FLOOR <- 1

families <- c(families, random_svm)
