# What docs/r.md shows works as shown.

test_that("the lines of the page run", {
  skip_if(golden == "", "the page is not here: set SCORIA_GOLDEN")
  need_library()
  page <- readLines(file.path(golden, "..", "..", "docs", "r.md"), encoding = "UTF-8")
  fences <- grep("^```", page)
  opening <- fences[c(TRUE, FALSE)]
  shown <- Map(function(from, to) page[(from + 1):(to - 1)], opening, fences[c(FALSE, TRUE)])[page[opening] == "```r"]
  expect_length(shown, 3)
  need_server(pool = NULL)
  folder <- tempfile()
  dir.create(folder)
  before <- setwd(folder)
  on.exit(setwd(before))
  newdata <- head(cars)
  saveRDS(lm(dist ~ speed, cars), "model.rds")
  home <- new.env(parent = globalenv())
  home$newdata <- newdata
  for (lines in shown) expect_no_error(suppressWarnings(suppressMessages(capture.output(eval(parse(text = lines), home)))))
})
