# Which server, and with whose key: found as the `scoria` program finds them.

# list(name, key, url, blob_url, ca_file)
account_of <- function(document, url, blob_url, ca_file, what) {
  text <- function(value) if (is.null(value)) "" else as.character(value)
  name <- text(document$accountName)
  key <- tryCatch(openssl::base64_decode(text(document$accountKey)), error = function(e) raw())
  url <- sub("/+$", "", text(url))
  if (!nzchar(name) || length(key) == 0 || !grepl("^https?://", url)) {
    missing <- if (!nzchar(name)) "its account's name" else if (length(key) == 0) "its account's key (base64)" else "an address that begins with http:// or https://"
    refuse(sprintf("%s: %s is missing: `scoria account show --json` prints all that is needed", what, missing))
  }
  ca_file <- text(ca_file)
  # The storage has the server's own address in path style too; what nodes know it by comes from the server.
  list(name = name, key = key, url = url, blob_url = sub("/+$", "", if (nzchar(text(blob_url))) blob_url else paste0(url, "/", name)),
       ca_file = if (nzchar(ca_file)) ca_file)
}

read_document <- function(path, what) {
  if (!file.exists(path)) refuse(sprintf("%s: there is no '%s'", what, path), "not_found")
  document <- tryCatch(jsonlite::read_json(path), error = function(e) NULL)
  if (!is.list(document) || is.null(names(document))) refuse(sprintf("%s: '%s' holds no JSON object", what, path))
  document
}

account_of_data <- function(folder) {
  folder <- path.expand(folder)
  if (!file.exists(file.path(folder, "account.json"))) {
    refuse(sprintf("there is no server's data in '%s': start one with `scoria server`, or say which with server =, profile = or data =", folder), "not_found")
  }
  if (!file.exists(file.path(folder, "server.json"))) {
    refuse(sprintf("no server has run on '%s' yet: start it with `scoria server --data %s`", folder, folder), "not_found")
  }
  running <- read_document(file.path(folder, "server.json"), "server")
  url <- if (!is.null(running$httpUrl)) running$httpUrl else running$httpsUrl
  document <- read_document(file.path(folder, "account.json"), "account")
  account_of(document, url, running$blobUrl, file.path(folder, "tls", "ca.pem"), sprintf("data folder '%s'", folder))
}

account_of_profile <- function(profile) {
  config <- Sys.getenv("XDG_CONFIG_HOME", file.path(path.expand("~"), ".config"))
  path <- if (grepl("/", profile, fixed = TRUE)) path.expand(profile) else file.path(config, "scoria", "profiles", paste0(profile, ".json"))
  document <- read_document(path, sprintf("profile '%s'", profile))
  account_of(document, document$batchUrl, document$blobUrl, document$caFile, sprintf("profile '%s'", profile))
}

account_of_url <- function(url, name = NULL, key = NULL, ca_file = NULL) {
  word <- function(value, variable) if (is.null(value)) Sys.getenv(variable) else value
  name <- word(name, "SCORIA_ACCOUNT")
  key <- word(key, "SCORIA_KEY")
  if (!nzchar(name) || !nzchar(key)) {
    refuse(sprintf("server '%s': its account is not known: give account = and key =, or set SCORIA_ACCOUNT and SCORIA_KEY, or use profile =", url))
  }
  account_of(list(accountName = name, accountKey = key), url, NULL, word(ca_file, "SCORIA_CA_FILE"), sprintf("server '%s'", url))
}

# The account that arguments say, else setCredentials(), else SCORIA_SERVER, SCORIA_PROFILE, SCORIA_DATA, else the server's default folder.
find_account <- function(server = NULL, profile = NULL, data = NULL, account = NULL, key = NULL, ca_file = NULL) {
  need_packages()
  if (!is.null(server)) return(account_of_url(server, account, key, ca_file))
  if (!is.null(profile)) return(account_of_profile(profile))
  if (!is.null(data)) return(account_of_data(data))
  if (!is.null(credentials$account)) return(credentials$account)
  if (nzchar(Sys.getenv("SCORIA_SERVER"))) return(account_of_url(Sys.getenv("SCORIA_SERVER")))
  if (nzchar(Sys.getenv("SCORIA_PROFILE"))) return(account_of_profile(Sys.getenv("SCORIA_PROFILE")))
  base <- Sys.getenv("XDG_DATA_HOME", file.path(path.expand("~"), ".local", "share"))
  account_of_data(Sys.getenv("SCORIA_DATA", file.path(base, "scoria")))
}

credentials <- new.env(parent = emptyenv())

need_packages <- function() {
  missing <- Filter(function(name) !requireNamespace(name, quietly = TRUE), c("curl", "openssl"))
  if (length(missing) > 0) {
    refuse(sprintf("a server's pools need R's %s: install.packages(%s)", paste(missing, collapse = " and "), paste(deparse(missing), collapse = "")), "unavailable")
  }
}

#' Which server, and whose key
#'
#' @param file a file that `scoria account show --json` printed, or the like made by [generateCredentialsConfig()]: its path, or a list with
#'   the same fields (`batchUrl`, `accountName`, `accountKey`; `caFile` for a certificate of the server's own). `credentials.json` of
#'   doAzureParallel is read, too: the account of its `batchAccount`.
#' @param server,account,key,ca_file in place of a file: the address, the account and its key (else `SCORIA_ACCOUNT`, `SCORIA_KEY`), whom
#'   https is believed.
#' @param profile name of a file in `~/.config/scoria/profiles`. `data`: the server's folder on this machine.
#' @param data the folder of a server on this machine.
#' @return nothing of interest. It holds for this session.
#' @export
setCredentials <- function(file = NULL, server = NULL, account = NULL, key = NULL, ca_file = NULL, profile = NULL, data = NULL) {
  need_packages()
  if (!is.null(file)) {
    what <- if (is.character(file)) sprintf("credentials '%s'", file) else "credentials"
    document <- if (is.character(file)) read_document(path.expand(need_word(file, "file")), what) else as.list(file)
    theirs <- document$sharedKey$batchAccount
    if (is.null(theirs)) theirs <- document$batchAccount
    if (!is.null(theirs)) document <- c(list(accountName = theirs$name, accountKey = theirs$key, batchUrl = theirs$url), document)
    credentials$account <- account_of(document, document$batchUrl, document$blobUrl, document$caFile, what)
  } else {
    credentials$account <- find_account(server, profile, data, account, key, ca_file)
  }
  invisible()
}

#' Write a file of credentials to fill in
#'
#' @param file where.
#' @return its path, invisibly.
#' @export
generateCredentialsConfig <- function(file) {
  write_new(file, list(batchUrl = "http://127.0.0.1:10100", accountName = "scoria", accountKey = "what `scoria account show --json` prints", caFile = ""))
}

write_new <- function(file, document) {
  if (file.exists(need_word(file, "file"))) refuse(sprintf("'%s' is there already", file), "denied")
  jsonlite::write_json(document, file, auto_unbox = TRUE, pretty = TRUE)
  message(sprintf("'%s' is written: fill it in", file))
  invisible(file)
}
