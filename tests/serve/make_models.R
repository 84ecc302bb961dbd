# Makes the models that tests/serve/run serves, some rows, and what R predicts of them. Data of its own making; R 4.2.2, randomForest 4.7-1.1.
# usage: cd tests/serve && Rscript make_models.R
library(randomForest)
set.seed(20261130)
n <- 240
rooms <- data.frame(
  area = round(runif(n, 10, 60), 2),
  age = round(rexp(n, 1 / 20), 1),
  floor = sample(0:6, n, TRUE),
  heating = factor(sample(c("gas", "oil", "district heat"), n, TRUE)),
  lift = sample(c(TRUE, FALSE), n, TRUE))
rooms$rent <- round(120 + 9 * rooms$area - 1.3 * rooms$age + 15 * rooms$floor * rooms$lift +
                      c("district heat" = 20, gas = 0, oil = -30)[as.character(rooms$heating)] + rnorm(n, 0, 25), 2)
forest <- randomForest(rent ~ area + age + floor + heating + lift, rooms, ntree = 25, nodesize = 8)
linear <- lm(rent ~ area + age + floor * lift + heating, rooms)
attr(linear$terms, ".Environment") <- attr(forest$terms, ".Environment") <- globalenv()
saveRDS(forest, "forest.rds", version = 3)
saveRDS(linear, "linear.rds", version = 3)
rows <- rooms[1:12, 1:5]
write.csv(rows, "rows.csv", row.names = FALSE)
expected <- data.frame(forest = unname(predict(forest, rows)), linear = unname(predict(linear, rows)))
write.csv(data.frame(lapply(expected, format, digits = 17, trim = TRUE)), "expected.csv", row.names = FALSE, quote = FALSE)
