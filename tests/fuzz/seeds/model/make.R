# Tiny models as fuzz seeds: fitted by R, then stripped to what predict() reads, and not compressed.
# Usage: Rscript tests/fuzz/seeds/model/make.R [name-regex]    (R 4.2.2, gbm 2.1.8.1, randomForest 4.7-1.1, nnet, MASS, e1071, quantreg 5.94, rpart 4.1.19)

suppressMessages({
  library(gbm)
  library(randomForest)
  library(nnet)
  library(MASS)
  library(e1071)
  library(rpart)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))

set.seed(1)
n <- 80
d <- data.frame(x = round(rnorm(n), 1), k = rpois(n, 3), g = factor(sample(c("lo", "mid", "hi"), n, TRUE)),
                o = factor(sample(c("S", "M", "L"), n, TRUE), c("S", "M", "L"), ordered = TRUE))
d$y <- d$x + (d$g == "mid") + as.integer(d$o) + d$k / 4
d$c <- factor(ifelse(d$y > 3, "up", ifelse(d$y > 1, "even", "down")))

only <- c(commandArgs(TRUE), ".")[1]
keep <- function(model, slots, name) {
  if (!grepl(only, name)) return(invisible())
  class <- class(model)
  stripped <- structure(unclass(model)[intersect(slots, names(model))], class = class)
  for (terms in intersect(c("Terms", "terms"), names(stripped))) {
    environment(stripped[[terms]]) <- globalenv()
    attr(stripped[[terms]], "factors") <- NULL
  }
  saveRDS(stripped, file.path(folder, paste0(name, ".rds")), compress = FALSE)
}

gbm_slots <- c("initF", "train.error", "valid.error", "cv.error", "train.fraction", "distribution", "var.names", "var.type",
               "var.levels", "c.splits", "trees", "num.classes", "n.trees", "classes", "Terms")
boosted <- function(...) suppressWarnings(gbm(..., data = d, n.trees = 3, interaction.depth = 2, n.minobsinnode = 3, keep.data = FALSE))
form <- function(text) as.formula(text, env = globalenv())
keep(boosted(form("y ~ x + g + o"), distribution = "gaussian"), gbm_slots, "gbm_columns")
keep(boosted(form("y ~ log1p(k) + factor(k) + x:g"), distribution = "gaussian"), gbm_slots, "gbm_expressions")
keep(boosted(form("as.integer(c == 'up') ~ x + k"), distribution = "bernoulli"), gbm_slots, "gbm_bernoulli")
keep(boosted(form("c ~ x + g"), distribution = "multinomial"), gbm_slots, "gbm_multinomial")
keep(suppressWarnings(gbm.fit(unname(as.matrix(d[c("x", "k")])), d$y, distribution = "gaussian", n.trees = 2, nTrain = 60,
                              n.minobsinnode = 3, verbose = FALSE, keep.data = FALSE)), gbm_slots, "gbm_matrix")

forest_slots <- c("type", "forest", "importance", "classes", "coefs", "terms")
keep(randomForest(form("y ~ x + g"), d, ntree = 2, nodesize = 20), forest_slots, "rf_regression")
keep(suppressWarnings(randomForest(d[c("x", "o", "g")], d$y, ntree = 2, nodesize = 25, corr.bias = TRUE)), forest_slots, "rf_xy")
keep(randomForest(form("c ~ x + g + o"), d, ntree = 3, nodesize = 25), forest_slots, "rf_classification")
keep(randomForest(form("c ~ . - k - y"), d, ntree = 1, maxnodes = 3), forest_slots, "rf_dot_minus")

# Linear models: the R factor is as tall as the rows are many, so there are few.
linear_slots <- c("coefficients", "residuals", "weights", "df.residual", "rank", "qr", "terms", "xlevels", "contrasts", "model", "family", "tau")
keep_linear <- function(model, name, drop = NULL) {
  stripped <- structure(unclass(model)[intersect(setdiff(linear_slots, drop), names(model))], class = class(model))
  if (!is.null(stripped$family)) stripped$family <- stripped$family[c("family", "link")]
  if (!is.null(stripped$qr)) stripped$qr <- stripped$qr[c("qr", "rank", "pivot")]
  attr(stripped$model, "terms") <- NULL
  saveRDS(stripped, file.path(folder, paste0(name, ".rds")), compress = FALSE)
}
few <- d[1:14, ]
keep_linear(lm(form("y ~ x * g"), few), "lm_interaction")
keep_linear(lm(form("y ~ poly(x, 2) + o + offset(k)"), few, weights = k), "lm_poly_offset")
keep_linear(lm(form("cbind(y, k) ~ x"), few), "mlm")
keep_linear(suppressWarnings(glm(form("y > 2 ~ x + g"), binomial("probit"), few)), "glm_probit")
keep_linear(quantreg::rq(form("y ~ x + g"), c(0.25, 0.5), few), "rqs", drop = "model")
net_slots <- c("n", "nconn", "conn", "wts", "nsunits", "softmax", "lev", "lab", "terms", "xlevels", "contrasts")
whole <- function(model, slots, name) {  # with the terms' factors, which model matrices need
  if (!grepl(only, name)) return(invisible())
  stripped <- structure(unclass(model)[intersect(slots, names(model))], class = class(model))
  saveRDS(stripped, file.path(folder, paste0(name, ".rds")), compress = FALSE)
}
whole(nnet(form("c ~ x + g"), d, size = 2, maxit = 5, trace = FALSE), net_slots, "nnet_softmax")
whole(nnet(as.matrix(d[c("x", "k")]), d$y, size = 2, skip = TRUE, linout = TRUE, maxit = 5, trace = FALSE), net_slots, "nnet_matrix")
whole(multinom(form("c ~ x + o"), d, maxit = 5, trace = FALSE), net_slots, "multinom_three")
polr_slots <- c("coefficients", "zeta", "lev", "terms", "method", "xlevels", "contrasts")
d$level <- cut(d$y, c(-Inf, 1, 3, Inf), c("low", "mid", "high"))
whole(polr(form("level ~ x + g"), d, method = "probit"), polr_slots, "polr_probit")
discriminant_slots <- c("prior", "counts", "means", "scaling", "svd", "ldet", "lev", "N", "terms", "xlevels", "contrasts")
whole(lda(form("c ~ x + k"), d), discriminant_slots, "lda_formula")
whole(qda(as.matrix(d[c("x", "k")]), d$c), discriminant_slots, "qda_matrix")
whole(naiveBayes(form("c ~ x + g"), d), c("apriori", "tables", "levels", "isnumeric"), "naive_bayes")
whole(kmeans(d[c("x", "k")], 3), "centers", "kmeans")
whole(prcomp(d[c("x", "k")], scale. = TRUE), c("rotation", "center", "scale"), "prcomp")
whole(princomp(d[c("x", "k")]), c("loadings", "center", "scale"), "princomp")

keep_rpart <- function(model, name) {
  if (!grepl(only, name)) return(invisible())
  stripped <- unclass(model)[intersect(c("frame", "terms", "splits", "csplit", "control", "method"), names(model))]
  for (attribute in c("class", "xlevels", "ylevels")) attr(stripped, attribute) <- attr(model, attribute)
  saveRDS(stripped, file.path(folder, paste0(name, ".rds")), compress = FALSE)
}
partition <- function(text, ...) rpart(form(text), d, minsplit = 8, maxcompete = 1, maxsurrogate = 2, xval = 0, ...)
keep_rpart(partition("y ~ x + g + o", cp = 0.02), "rpart_regression")
keep_rpart(partition("c ~ k + g", cp = 0.05), "rpart_classification")
