# httr's POST with encode = "json", as the clients of plumber's services send it; beside what R predicts itself.
here <- Sys.getenv("SCORIA_SERVE_TESTS")
url <- Sys.getenv("SCORIA_SERVE_URL")
rows <- read.csv(file.path(here, "rows.csv"))
expected <- read.csv(file.path(here, "expected.csv"))
for (service in c("forest", "linear")) {
  reply <- httr::POST(paste0(url, "/services/", service, "/score"), body = list(df = cbind(rows, rent = 0)), encode = "json")
  got <- jsonlite::fromJSON(httr::content(reply, "text", encoding = "UTF-8"))
  stopifnot(httr::status_code(reply) == 200, all.equal(got, expected[[service]], tolerance = 1e-12))
  # R gives NA for a row with NA; jsonlite reads "NA" of a vector of numbers back as NA.
  some <- rows
  some$area[2] <- NA
  reply <- httr::POST(paste0(url, "/services/", service, "/score"), body = list(df = some), encode = "json")
  got <- jsonlite::fromJSON(httr::content(reply, "text", encoding = "UTF-8"))
  stopifnot(is.na(suppressWarnings(as.numeric(got)))[2])
}
reply <- httr::POST(paste0(url, "/score"), body = list(df = rows[, -1]), encode = "json")
told <- httr::content(reply, "parsed", type = "application/json")
stopifnot(httr::status_code(reply) == 400, told$errors[[1]]$code == "missing_column", told$errors[[1]]$column == "area")
cat("ok    httr\n")
