# Models fitted here, beside the predict() of the package that fitted them; and what is refused.

train <- local({
  set.seed(1)
  rows <- data.frame(a = rnorm(200), k = rpois(200, 3L), t = runif(200) < 0.4, s = sample(c("north", "s\u00fcd", "east"), 200, TRUE),
                     f = factor(sample(c("low", "mid", "high"), 200, TRUE), c("low", "mid", "high")))
  rows$y <- rows$a + 0.3 * rows$k + rows$t + (rows$f == "mid") + rnorm(200)
  rows$class <- factor(ifelse(rows$y > 3, "large", ifelse(rows$y > 1, "middle", "small")))
  rows$yes <- as.integer(rows$y > 2)
  rows
})
new_rows <- local({ rows <- train[50:80, ]; row.names(rows) <- NULL; rows })

test_that("lm is a vector, its intervals a matrix, its standard errors beside it", {
  fit <- lm(y ~ a + k + t + s + f, train)
  model <- stored_and_loaded(fit)
  expect_equal(predict(model, new_rows), unname(predict(fit, new_rows)), tolerance = 1e-12)
  theirs <- predict(fit, new_rows, interval = "prediction", level = 0.9)
  expect_equal(predict(model, new_rows, interval = "prediction", level = 0.9), matrix(theirs, ncol = 3, dimnames = list(NULL, colnames(theirs))), tolerance = 1e-12)
  expect_equal(predict(model, new_rows, se.fit = TRUE)$se.fit, unname(predict(fit, new_rows, se.fit = TRUE)$se.fit), tolerance = 1e-12)
})

test_that("row names are kept, but for 1, 2, ...", {
  fit <- lm(y ~ a, train)
  model <- stored_and_loaded(fit)
  expect_equal(predict(model, train[c(7, 3), ]), predict(fit, train[c(7, 3), ]), tolerance = 1e-12)
  expect_null(names(predict(model, new_rows)))
  expect_null(names(predict(model, head(new_rows))))
  expect_identical(rownames(predict(model, train[c(7, 3), ], interval = "confidence")), c("7", "3"))
})

test_that("glm answers on the link's scale unless asked otherwise, as in R", {
  fit <- glm(yes ~ a + f, binomial, train)
  model <- stored_and_loaded(fit)
  expect_equal(predict(model, new_rows), unname(predict(fit, new_rows)), tolerance = 1e-12)
  expect_equal(predict(model, new_rows, type = "response"), unname(predict(fit, new_rows, type = "response")), tolerance = 1e-12)
})

test_that("rpart gives a matrix of probabilities, or a factor", {
  skip_if_not_installed("rpart")
  fit <- rpart::rpart(class ~ a + k + f, train)
  model <- stored_and_loaded(fit)
  expect_identical(predict(model, new_rows), `rownames<-`(predict(fit, new_rows), NULL))
  expect_identical(predict(model, new_rows, type = "class"), unname(predict(fit, new_rows, type = "class")))
})

test_that("randomForest gives the factor it was fitted on", {
  skip_if_not_installed("randomForest")
  fit <- randomForest::randomForest(class ~ a + k + f, train, ntree = 31)
  model <- stored_and_loaded(fit)
  votes <- predict(fit, new_rows, type = "vote", norm.votes = FALSE)
  clear <- apply(votes, 1, function(row) sum(row == max(row)) == 1)  # of the others R draws lots
  expect_identical(predict(model, new_rows)[clear], unname(predict(fit, new_rows))[clear])
  expect_identical(levels(predict(model, new_rows)), levels(train$class))
  expect_identical(colnames(predict(model, new_rows, type = "prob")), levels(train$class))
})

test_that("gbm adds as many trees as n.trees says, and several counts are columns", {
  skip_if_not_installed("gbm")
  set.seed(1)
  fit <- gbm::gbm(y ~ a + k + f, "gaussian", train, n.trees = 40)
  model <- stored_and_loaded(fit)
  expect_identical(predict(model, new_rows, n.trees = 30), predict(fit, new_rows, n.trees = 30))
  expect_identical(predict(model, new_rows, n.trees = c(10, 40)), predict(fit, new_rows, n.trees = c(10, 40)))
})

test_that("several types are a list, which is what lda's own predict() gives", {
  skip_if_not_installed("MASS")
  fit <- MASS::lda(class ~ a + k, train)
  ours <- predict(stored_and_loaded(fit), new_rows, type = c("class", "posterior", "x"))
  theirs <- predict(fit, new_rows)
  expect_identical(ours$class, theirs$class)
  expect_equal(unname(ours$posterior), unname(theirs$posterior), tolerance = 1e-12)
  expect_identical(dimnames(ours$x), list(NULL, c("LD1", "LD2")))
})

test_that("a matrix is matched by name, or taken in order where it has none", {
  fit <- lm(y ~ a + k, train)
  model <- stored_and_loaded(fit)
  rows <- as.matrix(new_rows[c("k", "a")])
  expect_equal(predict(model, rows), unname(predict(fit, new_rows)), tolerance = 1e-12)
  expect_equal(predict(model, unname(rows[, 2:1])), unname(predict(fit, new_rows)), tolerance = 1e-12)
  expect_refused(predict(model, unname(rows[, 1, drop = FALSE])), "newdata has 1 columns, but lm takes 2: a, k")
})

test_that("NA is missing, NaN is a number, a row without values has no answer", {
  fit <- lm(y ~ a + k + t + s + f, train)
  rows <- new_rows[rep(1, 6), ]
  row.names(rows) <- NULL
  rows$a[1] <- NA; rows$k[2] <- NA; rows$t[3] <- NA; rows$s[4] <- NA; rows$f[5] <- NA; rows$a[6] <- NaN
  expect_identical(predict(stored_and_loaded(fit), rows), unname(predict(fit, rows)))
})

test_that("a factor is matched by its levels' names, whatever their codes", {
  fit <- lm(y ~ a + f, train)
  model <- stored_and_loaded(fit)
  turned <- transform(new_rows, f = factor(f, rev(levels(f))))
  expect_equal(predict(model, turned), unname(predict(fit, new_rows)), tolerance = 1e-12)
  expect_equal(predict(model, transform(new_rows, f = as.character(f))), unname(predict(fit, new_rows)), tolerance = 1e-12)
})

test_that("texts in another encoding are the same texts", {
  fit <- lm(y ~ s, train)
  rows <- new_rows
  rows$s <- iconv(rows$s, "UTF-8", "latin1")
  expect_equal(predict(stored_and_loaded(fit), rows), unname(predict(fit, new_rows)), tolerance = 1e-12)
})

test_that("dates count as days, as they do in R", {
  rows <- transform(train, day = as.Date("2024-01-01") + k)
  fit <- lm(y ~ day + a, rows)
  expect_equal(predict(stored_and_loaded(fit), rows), unname(predict(fit, rows)), tolerance = 1e-12)
})

test_that("no rows are no answers", {
  model <- stored_and_loaded(lm(y ~ a + s, train))
  expect_identical(predict(model, new_rows[0, ]), numeric())
  expect_identical(dim(predict(model, new_rows[0, ], interval = "confidence")), c(0L, 3L))
})

test_that("notes are warnings", {
  model <- stored_and_loaded(lm(y ~ a + k, train))
  expect_warning(predict(model, new_rows, type = "terms"), "constant", class = "scoria_warning")
})

test_that("many rows are many calls with one answer", {
  skip_if_not_installed("rpart")
  fit <- rpart::rpart(class ~ a + k + t + f, train)
  model <- stored_and_loaded(fit)
  rows <- train[sample(nrow(train), 2 * scoria:::block_rows + 5, TRUE), ]
  row.names(rows) <- NULL
  rows$a[sample(nrow(rows), 1000)] <- NA
  expect_identical(predict(model, rows), `rownames<-`(predict(fit, rows), NULL))
  expect_identical(predict(model, rows, type = "class"), unname(predict(fit, rows, type = "class")))
  levels(rows$f) <- c(levels(rows$f), "new")
  rows$f[scoria:::block_rows + 7] <- "new"
  expect_refused(predict(model, rows), sprintf("row %.0f", scoria:::block_rows + 7))
})

test_that("a call that is interrupted between two blocks leaves the model as it was", {
  model <- stored_and_loaded(lm(y ~ a + k, train))
  rows <- train[rep(1, 8 * scoria:::block_rows), c("a", "k")]
  row.names(rows) <- NULL
  interrupted <- local({
    setTimeLimit(elapsed = 0.005)  # R looks at both in the same place
    on.exit(setTimeLimit())
    error_of(predict(model, rows))
  })
  expect_s3_class(interrupted, "error")
  expect_identical(predict(model, rows[1:2, ]), predict(model, rows)[1:2])
})

test_that("several threads give the same bits", {
  fit <- lm(y ~ a + k + f, train)
  rows <- train[sample(nrow(train), 1e5, TRUE), ]
  expect_identical(predict(stored_and_loaded(fit, threads = 2), rows), predict(stored_and_loaded(fit), rows))
})

test_that("a model outlives its file and R's collections", {
  path <- tempfile(fileext = ".rds")
  fit <- lm(y ~ a, train)
  saveRDS(fit, path)
  need_library()
  model <- scoria_load(path)
  for (i in 1:50) scoria_load(path)
  unlink(path)
  invisible(gc())
  expect_equal(predict(model, new_rows), unname(predict(fit, new_rows)), tolerance = 1e-12)
  invisible(gc())
})

test_that("a forked child goes on with its parent's models", {
  model <- stored_and_loaded(lm(y ~ a, train))
  here <- predict(model, new_rows)
  there <- parallel::mclapply(1:2, function(i) { gc(); predict(model, new_rows) }, mc.cores = 2)
  expect_identical(there, list(here, here))
  expect_identical(predict(model, new_rows), here)
})

test_that("what the file is, as a list; printed, its title", {
  need_library()
  path <- tempfile(fileext = ".rds")
  saveRDS(glm(yes ~ a + f, binomial, train), path)
  description <- scoria_inspect(path)
  expect_identical(description$family, "glm")
  expect_identical(description$features$name, c("a", "f"))
  expect_identical(description$features$levels, list(NULL, levels(train$f)))
  expect_identical(description$types[[1]], "link")
  expect_output(print(scoria_load(path)), description$title, fixed = TRUE)
})

test_that("a workspace of several objects is asked for one by name", {
  need_library()
  path <- tempfile(fileext = ".RData")
  fit <- lm(y ~ a, train)
  other <- lm(y ~ k, train)
  save(fit, other, file = path)
  expect_identical(scoria_inspect(path, "other")$features$name, "k")
  expect_s3_class(error_of(scoria_load(path)), "scoria_error")
  expect_s3_class(error_of(scoria_load(path, "third")), "scoria_error")
})

test_that("nothing in a file is run", {
  need_library()
  path <- tempfile(fileext = ".rds")
  trap <- tempfile()
  fit <- lm(y ~ a, train)
  fit$call <- bquote(file.create(.(trap)))
  kept <- new.env()
  delayedAssign("lazy", file.create(trap), assign.env = kept)
  environment(fit$terms) <- kept
  saveRDS(fit, path)
  predict(scoria_load(path), new_rows)
  expect_false(file.exists(trap))
})
