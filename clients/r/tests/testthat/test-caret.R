# caret's train() on workers gives what it gives in sequence, seed for seed.

same_as_sequential <- function(method, package, ..., rows = iris, control = caret::trainControl(method = "cv", number = 3)) {
  skip_if_not_installed("caret")
  skip_if_not_installed(package)
  run <- function() {
    set.seed(42)
    suppressWarnings(caret::train(Species ~ ., data = rows, method = method, trControl = control, ...))
  }
  foreach::registerDoSEQ()
  sequential <- run()
  need_workers(workers = 2)
  parallel <- run()
  expect_identical(parallel$results, sequential$results)
  expect_identical(parallel$resample, sequential$resample)
  expect_identical(parallel$bestTune, sequential$bestTune)
  expect_identical(parallel$pred, sequential$pred)
}

test_that("random forests", {
  same_as_sequential("rf", "randomForest", ntree = 50, tuneGrid = data.frame(mtry = 1:3))
})
test_that("boosted trees", {
  same_as_sequential("gbm", "gbm", verbose = FALSE)
})
test_that("elastic nets", {
  same_as_sequential("glmnet", "glmnet")
})
test_that("support vector machines, bootstrapped, with predictions kept", {
  skip_if_not_installed("caret")
  same_as_sequential("svmRadial", "kernlab", control = caret::trainControl(method = "boot", number = 4, savePredictions = "all", classProbs = TRUE))
})
test_that("nearest neighbours, with recursive elimination around them", {
  skip_if_not_installed("caret")
  run <- function() {
    set.seed(7)
    caret::rfe(iris[1:4], iris$Species, sizes = 1:3, rfeControl = caret::rfeControl(functions = caret::ldaFuncs, method = "cv", number = 3))$results
  }
  skip_if_not_installed("MASS")
  foreach::registerDoSEQ()
  sequential <- run()
  need_workers(workers = 2)
  expect_identical(run(), sequential)
})
