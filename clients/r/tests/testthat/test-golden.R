# Every golden case in one session: R's own predict() of the stored model beside ours, on the same rows. The scripts that made
# the cases (tests/golden) are run again, with a golden_case() that compares where theirs writes.

skip_if(golden == "", "the golden cases are not here: set SCORIA_GOLDEN")
need_library()
for (package in c("gbm", "randomForest", "rpart", "survival", "nnet", "MASS", "e1071", "quantreg", "SparseM", "Matrix", "jsonlite")) {
  skip_if_not_installed(package)
}

# What R reads of a case's file: the object, as predict() of its package wants it.
read_with_r <- function(file, fitted) {
  if (grepl("RData$", file)) {
    workspace <- new.env()
    load(file, workspace)
    return(workspace$m)
  }
  # R before 4.5 cannot read zstd: the fit itself is the same.
  if (grepl("zstd", dirname(file)) && getRversion() < "4.5") fitted else readRDS(file)
}

expect_same_answers <- function(ours, theirs, tolerance, label) {
  ours <- unlist(lapply(if (is.list(ours)) ours else list(ours), function(one) answer_columns(ask("", one))), recursive = FALSE)
  theirs <- answer_columns(theirs)
  expect_identical(length(ours), length(theirs), label = label)
  for (j in seq_along(theirs)) {
    mine <- ours[[j]]
    reference <- theirs[[j]]
    if (is.factor(reference) || is.character(reference)) {
      expect_identical(as.character(mine), as.character(reference), label = label)
      next
    }
    expect_identical(is.na(mine), is.na(reference), label = label)
    expect_identical(is.nan(mine), is.nan(reference), label = label)
    known <- !is.na(reference) & mine != reference
    worst <- max(0, abs(mine[known] - reference[known]) / pmax(abs(reference[known]), 1e-300))
    expect_lte(worst, tolerance, label = label)
  }
}

compared <- character()
compare_case <- function(package, model, rows, call, questions = NULL, fails = NULL, notes = "", store = stored_as(), tolerance = 0,
                         ties = NULL, args = list(), fail_args = list("--type", "response")) {
  name <- CASE
  suppressWarnings({ force(rows); force(ties) })  # of fits that are meant to be difficult
  test_that(paste(name, "is answered as R answers it"), {
    row.names(rows) <- NULL
    file <- list.files(file.path(golden, name), "^model[.]", full.names = TRUE)
    object <- if (length(args)) args[[2]]
    theirs <- read_with_r(file, model)
    ask_ours <- function(type, parameters = list()) {
      do.call(predict, c(list(scoria_load(file, object), rows, type = type), parameters))
    }
    if (!is.null(fails)) {
      expect_error(suppressWarnings(fails(theirs, rows)))
      expect_s3_class(error_of(suppressWarnings(ask_ours(if (length(fail_args)) fail_args[[2]]))), "scoria_error")
    } else {
      for (question in suppressMessages(suppressWarnings(questions(theirs, rows)))) {
        ours <- suppressWarnings(ask_ours(question$type, question$params))
        if (length(ties) && question$type %in% c("response", "class")) {  # R draws lots there
          ours <- ours[-ties]
          question$value <- question$value[-ties]
        }
        expect_same_answers(ours, question, if (is.null(question$tolerance)) tolerance else question$tolerance, paste(name, question$as))
      }
    }
    compared <<- c(compared, name)
  })
}

# make_golden.R's steps but for its two lines about the command line; its last step goes through the cases.
steps <- as.list(parse(file.path(golden, "make_golden.R"), keep.source = FALSE))
assigns <- function(step, name) identical(step[[1]], quote(`<-`)) && identical(step[[2]], as.name(name))
assign("GOLDEN", golden, globalenv())
assign("only", Sys.getenv("SCORIA_GOLDEN_CASES", "."), globalenv())
for (step in steps[-length(steps)]) {
  if (!assigns(step, "GOLDEN") && !assigns(step, "only")) eval(step, globalenv())
}
assign("golden_case", compare_case, globalenv())
suppressWarnings(eval(steps[[length(steps)]], globalenv()))

# Five cases are older than the scripts: what was asked is in meta.json.
typed <- function(words, column) {
  words[words == "NA"] <- NA
  switch(column$type, factor = factor(words, unlist(column$levels)), ordered = factor(words, unlist(column$levels), ordered = TRUE),
         logical = as.logical(words), integer = as.integer(words), double = as.numeric(words), words)
}
for (CASE in c("gbm_bernoulli", "gbm_gaussian_cat_na", "gbm_multinomial", "rf_class_factor12", "rf_reg_boston")) {
  if (!grepl(only, CASE)) next
  assign("CASE", CASE, globalenv())
  meta <- jsonlite::fromJSON(file.path(golden, CASE, "meta.json"), simplifyVector = FALSE)
  words <- read.csv(file.path(golden, CASE, "input.csv"), colClasses = "character", na.strings = character(), check.names = FALSE)
  rows <- as.data.frame(Map(typed, words, meta$columns[names(words)]), optional = TRUE)
  asked <- function(model, rows) {
    lapply(meta$runs, function(run) {
      type <- run$args[[2]]
      trees <- if (length(run$args) > 2) list(n.trees = as.numeric(sub("n.trees=", "", run$args[[4]])))
      r_type <- if (type == "vote_count") list(type = "vote", norm.votes = FALSE) else list(type = type)  # R has two words for it
      do.call(ask, c(list(type, do.call(predict, c(list(model, rows), r_type, trees))), trees))
    })
  }
  compare_case(meta$package, NULL, rows, meta$predict_call, asked, tolerance = meta$rel_tolerance, ties = unlist(meta$random_tie_rows_1based))
}

test_that("no case of R's is left out", {
  skip_if(only != ".", "a choice of cases")
  folders <- list.dirs(golden, full.names = FALSE, recursive = FALSE)
  expect_setequal(compared, folders[!startsWith(folders, "py_")])
})
cat(sprintf("\n%d golden cases answered as R's own predict() answers them in this session\n", length(compared)))
