# Scores ten houses with httr, and prints the doubles. Usage: Rscript score.R
# SCORE_URL; SCORE_USER and SCORE_PASSWORD, where the service has a login; SCORE_CA, the authority's certificate, where no system knows it.
url <- Sys.getenv("SCORE_URL", "https://127.0.0.1:8443/score")
user <- Sys.getenv("SCORE_USER")
authority <- Sys.getenv("SCORE_CA")
reply <- httr::POST(
  url, body = list(df = MASS::Boston[1:10, ]), encode = "json",
  if (nzchar(user)) httr::authenticate(user, Sys.getenv("SCORE_PASSWORD")),
  if (nzchar(authority)) httr::config(cainfo = authority)
)
httr::stop_for_status(reply)
cat(sprintf("%.17g\n", httr::content(reply, simplifyVector = TRUE)), sep = "")
