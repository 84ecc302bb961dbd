# The same model as a service of plumber's, for `scoria serve plumber.R` or plumber itself (plumber::pr_run(plumber::pr("plumber.R"))).
suppressMessages(library(randomForest))
model <- readRDS("model.rds")

#* What houses are worth, in thousands of dollars
#* @param df houses, as records
#* @post /score
#* @serializer json list(digits = NA)
function(df) {
  predict(model, as.data.frame(df))
}
