# Trains the model and writes what the example compares with. Usage: Rscript train.R [OUT_DIR = .]
# Leaves model.rds; rows.json, ten houses as plumber's clients send them; expected.txt, what R predicts for them.
suppressMessages(library(randomForest))
out <- c(commandArgs(TRUE), ".")[1]
boston <- MASS::Boston
set.seed(2026)
model <- randomForest(medv ~ ., data = boston, ntree = 100)
saveRDS(model, file.path(out, "model.rds"), compress = "xz")
rows <- boston[1:10, ]
writeLines(jsonlite::toJSON(list(df = rows), digits = NA), file.path(out, "rows.json"))
writeLines(sprintf("%.17g", predict(model, rows)), file.path(out, "expected.txt"))
