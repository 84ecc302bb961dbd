# Golden cases of e1071's svm. Sourced by make_golden.R at top level, after forms_cases.R, whose functions it uses.

# Without the training rows' own answers, which no prediction needs.
fit_svm <- function(..., seed = 1) {
  set.seed(seed)
  without(suppressWarnings(svm(..., fitted = FALSE)), "index", "na.action")
}
# The rows that predict() left out have no answer.
svm_rows <- function(value, kept, n) {
  if (!is.matrix(value)) {
    full <- value[rep(NA_integer_, n)]
    full[kept] <- value
    return(unname(full))
  }
  full <- matrix(NA_real_, n, ncol(value), dimnames = list(NULL, colnames(value)))
  full[kept, ] <- value
  full
}
svm_questions <- function(as_data, params) function(m, nd) {
  data <- as_data(nd)
  answer <- function(probability) {
    p <- predict(m, data, decision.values = TRUE, probability = probability)
    kept <- if (is.null(names(p))) seq_len(nrow(nd)) else as.integer(names(p))
    plain <- p
    attributes(plain) <- attributes(p)[c("levels", "class")]
    matrix_of <- function(what) svm_rows(attr(p, what), kept, nrow(nd))
    list(plain = svm_rows(plain, kept, nrow(nd)), decision = matrix_of("decision.values"),
         prob = if (probability) matrix_of("probabilities"))
  }
  p <- answer(FALSE)
  type <- if (m$type < 2) "class" else if (m$type == 2) "inlier" else "response"
  decision <- if (m$type < 2) p$decision else p$decision[, 1]
  ask_with <- function(...) do.call(ask, c(list(...), params))
  asked <- list(ask_with(type, p$plain), ask_with("decision", decision))
  if (m$type < 2 && m$compprob) {
    q <- answer(TRUE)
    asked <- c(asked, list(ask_with("prob", q$prob, tolerance = 1e-9),
                           ask_with("class", q$plain, probability = TRUE, as = "most_probable")))
  }
  asked
}
svm_case <- function(m, nd, notes = "", as_data = identity, params = list(), ...) {
  form_case("e1071", m, nd, call = "predict(m, nd, decision.values = TRUE, probability = ...)", notes = notes,
            questions = svm_questions(as_data, params), ...)
}
svm_fails <- function(m, nd, as_data = identity, ...) {
  form_case("e1071", m, nd, call = "predict(m, nd)", fails = function(m, nd) predict(m, as_data(nd)), ...)
}

# ---- classes ----
add("svm_c_radial_three_na", {
  d <- mixed_rows(90, 301); d$y <- three_of(d, 1)
  m <- fit_svm(form("y ~ a + b + k"), d, probability = TRUE)
  nd <- with_holes(mixed_rows(40, 302)[c("k", "b", "a")], c("a", "k"), 9)
  nd$b[4] <- NaN
  svm_case(m, nd, notes = "labels in the order of appearance; rows with NA or NaN have no answer")
})
add("svm_c_linear_two", {
  d <- mixed_rows(90, 303); d$y <- two_of(d, 1)
  svm_case(fit_svm(form("y ~ a + b"), d, kernel = "linear", probability = TRUE), mixed_rows(40, 304)[c("a", "b")])
})
add("svm_c_polynomial_five", {
  d <- mixed_rows(120, 305)
  d$y <- factor(cut(d$signal, 5, labels = c("v", "z", "w", "u", "y")), c("u", "v", "w", "x", "y", "z"))
  m <- fit_svm(form("y ~ a + b + k"), d, kernel = "polynomial", degree = 2, coef0 = 1, probability = TRUE)
  svm_case(m, mixed_rows(40, 306)[c("a", "b", "k")], notes = "a level without rows; ten pairs of classes")
})
add("svm_nu_sigmoid_weights", {
  d <- mixed_rows(90, 307); d$y <- two_of(d, 1)
  m <- fit_svm(form("y ~ a + b + t"), d, type = "nu-classification", kernel = "sigmoid", nu = 0.3, coef0 = 0.1, gamma = 0.05,
               class.weights = c(no = 1, yes = 3))
  svm_case(m, mixed_rows(40, 308)[c("a", "b", "t")], notes = "no intercept: the logical column has a column for FALSE and one for TRUE")
})
add("svm_c_number_classes", {
  d <- mixed_rows(60, 309)
  m <- fit_svm(as.matrix(d[c("a", "b")]), as.integer(d$signal > 0) * 2 - 1, type = "C-classification")
  svm_case(m, mixed_rows(30, 310)[c("b", "a")], as_data = function(nd) as.matrix(nd[c("a", "b")]), notes = "classes -1 and 1")
})
add("svm_c_votes_and_probabilities", {
  set.seed(5)
  d <- data.frame(u = rnorm(60), v = rnorm(60)); d$y <- factor(sample(c("p", "q", "r"), 60, TRUE))
  m <- fit_svm(form("y ~ u + v"), d, gamma = 1, cost = 0.5, probability = TRUE)
  nd <- data.frame(u = rnorm(60), v = rnorm(60))
  stopifnot(any(predict(m, nd) != predict(m, nd, probability = TRUE)))
  svm_case(m, nd, notes = "the class with most votes and the most probable one differ")
})
add("svm_c_on_the_vectors", {
  d <- data.frame(u = c(0, 0, 2, 2, 1), v = c(0, 2, 0, 2, 1)); d$y <- factor(c("low", "low", "high", "high", "high"))
  m <- fit_svm(form("y ~ u + v"), d, kernel = "linear", scale = FALSE, cost = 10)
  nd <- rbind(d[1:2], data.frame(u = c(1, 0.5, 0.5, 1.5), v = c(0, 0, 2, 1)))
  svm_case(m, nd, notes = "rows on the margin and halfway: values at and near 0")
})

# ---- one class ----
add("svm_one_class_formula_factors", {
  d <- mixed_rows(80, 311, levels = 4)
  m <- fit_svm(form("~ a + b + f"), d, nu = 0.2)
  svm_case(m, mixed_rows(40, 312, levels = 4)[c("f", "b", "a")], notes = "no response: names stay as they are")
})
add("svm_one_class_matrix_no_names", {
  d <- mixed_rows(80, 313)
  m <- fit_svm(unname(as.matrix(d[c("a", "b", "k")])), nu = 0.1, gamma = 0.5, scale = c(TRUE, FALSE, TRUE))
  svm_case(m, setNames(mixed_rows(40, 314)[c("a", "b", "k")], c("V1", "V2", "V3")), as_data = as.matrix,
           notes = "columns by position; the second is not scaled")
})
add("svm_one_class_few_vectors", {
  d <- data.frame(u = c(1, 2, 3, 4, 5, 6))
  m <- fit_svm(form("~ u"), d, nu = 0.2)
  svm_case(m, data.frame(u = c(1, 1.5, 6, 6.0000001, 0, 3.5, 100)), notes = "rows on the support vectors")
})

# ---- regression ----
add("svm_eps_factors", {
  d <- mixed_rows(80, 315, levels = 4)
  m <- fit_svm(form("signal ~ a + f + g + t + o"), d, epsilon = 0.3)
  svm_case(m, transform(mixed_rows(40, 316, levels = 4)[c("a", "f", "g", "t", "o")], o = as.character(o)),
           as_data = function(nd) transform(nd, o = factor(o, c("S", "M", "L", "XL"), ordered = TRUE)),
           params = list(levels.o = c("S", "M", "L", "XL")),
           notes = "the file keeps no levels: those of f and all but the first of g are in the names of columns, of o only how many")
})
add("svm_eps_factors_given", {
  d <- mixed_rows(80, 317); d$p <- factor(d$k %% 3, labels = c("a b", "a-b", "a.b"))
  m <- fit_svm(form("signal ~ g + p + a"), d, epsilon = 0.3)
  nd <- mixed_rows(40, 318); nd$p <- factor(nd$k %% 3, labels = c("a b", "a-b", "a.b"))
  svm_case(m, nd[c("g", "p", "a")], params = list(levels.p = c("a b", "a-b", "a.b"), levels.g = c("low", "mid", "high")),
           notes = "levels that are one valid name")
})
add("svm_nu_regression_expressions", {
  d <- mixed_rows(80, 319)
  m <- fit_svm(form("signal ~ poly(a, 2) + log1p(k) + I(b^2) + factor(k > 3) + g * b"), d, type = "nu-regression", nu = 0.3)
  svm_case(m, mixed_rows(40, 320)[c("a", "k", "b", "g")])
})
add("svm_eps_interaction_alone", {
  d <- mixed_rows(80, 353)
  m <- fit_svm(form("signal ~ a + k + g:a + a:o:b"), d, epsilon = 0.3)
  svm_case(m, transform(mixed_rows(40, 354), o = as.character(o))[c("a", "b", "g", "k", "o")],
           as_data = function(nd) transform(nd, o = factor(o, c("S", "M", "L", "XL"), ordered = TRUE)),
           notes = "factors that are no terms of their own")
})
add("svm_eps_interaction_no_scale", {
  d <- mixed_rows(80, 321)
  m <- fit_svm(form("signal ~ g * a + b"), d, scale = FALSE, kernel = "polynomial", degree = 3, gamma = 0.1, coef0 = 0.5)
  svm_case(m, mixed_rows(40, 322)[c("a", "b", "g")])
})
add("svm_eps_number_factors", {
  d <- transform(mixed_rows(60, 323), b2 = round(abs(b)))
  m <- fit_svm(form("signal ~ a + factor(k %/% 2) + factor(b2)"), d, epsilon = 0.3)
  svm_case(m, transform(d, a = rev(a))[c("a", "k", "b2")], notes = "levels that are numbers")
})
add("svm_eps_text", {
  d <- transform(mixed_rows(80, 325), g = as.character(g))
  m <- fit_svm(form("signal ~ `a` + g"), d, epsilon = 0.3)
  svm_case(m, transform(mixed_rows(40, 326), g = as.character(g))[c("g", "a")], notes = "a column of text")
})
add("svm_eps_missing_before_the_formula", {
  d <- mixed_rows(80, 327)
  m <- fit_svm(form("signal ~ ifelse(is.na(a), 0, a) + b"), d, epsilon = 0.3)
  svm_case(m, with_holes(mixed_rows(40, 328)[c("a", "b")], "a", 7), notes = "na.omit sees the columns before the formula does")
})
add("svm_eps_odd_names", {
  d <- setNames(mixed_rows(80, 329)[c("signal", "a", "g", "b", "f")], c("target", "y", "net price", "X1", "if"))
  m <- fit_svm(form("target ~ ."), d[1:4], epsilon = 0.3)
  svm_case(m, setNames(mixed_rows(40, 330)[c("b", "g", "a")], c("X1", "net price", "y")))
})
add("svm_eps_one_column", {
  d <- mixed_rows(60, 331)
  m <- fit_svm(d["a"], d$signal, epsilon = 0.3)
  svm_case(m, mixed_rows(30, 332)["a"], as_data = as.matrix, notes = "the only column has lost its name")
})
add("svm_eps_matrix_generated_names", {
  d <- mixed_rows(60, 333)
  m <- fit_svm(unname(as.matrix(d[c("a", "b")])), d$signal, epsilon = 0.3)
  svm_case(m, setNames(mixed_rows(30, 334)[c("a", "b")], c("V1", "V2")), as_data = as.matrix, notes = "called X1 and X2 in the file")
})
add("svm_eps_constant_column", {
  d <- transform(mixed_rows(60, 335), a = 2)
  m <- fit_svm(form("signal ~ a + b"), d, epsilon = 0.3)
  svm_case(m, mixed_rows(30, 336)[c("a", "b")], notes = "a constant column: R scales none")
})

# ---- sparse ----
sparse_rows <- function(n, seed) {
  set.seed(seed)
  d <- as.data.frame(matrix(rbinom(n * 8, 1, 0.3) * round(rnorm(n * 8), 2), n))
  d
}
add("svm_sparse_radial", {
  library(SparseM)
  d <- sparse_rows(60, 337)
  m <- fit_svm(as.matrix.csr(as.matrix(d)), factor(ifelse(d$V1 + d$V2 > 0, "up", "down")), gamma = 0.3, probability = TRUE)
  svm_case(m, sparse_rows(30, 338), as_data = function(nd) as.matrix.csr(as.matrix(nd)), notes = "SparseM's matrix.csr")
})
add("svm_sparse_linear_matrix_package", {
  suppressMessages({ library(SparseM); library(Matrix) })
  d <- sparse_rows(60, 339)
  m <- fit_svm(Matrix(as.matrix(d), sparse = TRUE), d$V1 - d$V3, kernel = "linear", epsilon = 0.3)
  svm_case(m, sparse_rows(30, 340), as_data = as.matrix, notes = "fitted to a dgCMatrix, asked with a dense matrix")
})

# ---- files and errors ----
add("svm_stored_version_2_xz", {
  d <- mixed_rows(60, 341); d$y <- two_of(d, 1)
  svm_case(fit_svm(form("y ~ a + b"), d), mixed_rows(20, 342)[c("a", "b")], store = stored_as(version = 2, compress = "xz"))
})
add("svm_error_missing_column", {
  d <- mixed_rows(60, 343)
  svm_fails(fit_svm(form("signal ~ a + b"), d), mixed_rows(10, 344)["b"])
})
add("svm_error_infinite", {
  d <- mixed_rows(60, 345)
  nd <- mixed_rows(10, 346)[c("a", "b")]; nd$a[4] <- Inf
  svm_fails(fit_svm(form("signal ~ a + b"), d), nd)
})
add("svm_error_infinite_by_formula", {
  d <- mixed_rows(60, 347)
  nd <- mixed_rows(10, 348)[c("a", "k")]; nd$k[4] <- 0
  svm_fails(fit_svm(form("signal ~ a + log(k)"), d[d$k > 0, ]), nd)
})
add("svm_error_sparse_na", {
  library(SparseM)
  d <- sparse_rows(60, 349)
  nd <- sparse_rows(10, 350); nd$V2[3] <- NA
  svm_fails(fit_svm(as.matrix.csr(as.matrix(d)), d$V1), nd, as_data = as.matrix)
})
add("svm_error_other_columns", {
  d <- mixed_rows(60, 351)
  svm_fails(fit_svm(unname(as.matrix(d[c("a", "b")])), d$signal), mixed_rows(10, 352)[c("a", "b", "k")], as_data = as.matrix)
})
add("svm_error_empty", {
  d <- data.frame(a = 1:20 / 20, y = sin(1:20))
  m <- fit_svm(form("y ~ a"), d, epsilon = 100)
  stopifnot(m$tot.nSV == 0)
  svm_fails(m, data.frame(a = 1:3 / 3))
})
