# Requests of Azure Batch and Blob storage as rAzureBatch sends them: signed by the account's key, or with a service principal's token; and steps that
# say how they went. Needs curl, openssl, jsonlite.
account <- jsonlite::fromJSON(Sys.getenv("SCORIA_TEST_ACCOUNT"))
https_port <- sub(".*:", "", account$batchHttpsUrl)
key <- jsonlite::base64_dec(account$accountKey)
blob_host <- sprintf("%s.blob.localhost:%s", account$accountName, https_port)

hmac <- function(text) jsonlite::base64_enc(as.raw(openssl::sha256(charToRaw(enc2utf8(text)), key = key)))
http_time <- function() format(Sys.time(), "%a, %d %b %Y %H:%M:%S GMT", tz = "GMT")

# The SharedKey of either service: storage leaves an empty length out, and names of its headers begin otherwise.
authorization <- function(service, method, target, headers) {
  names(headers) <- tolower(names(headers))
  value <- function(name) if (name %in% names(headers)) headers[[name]] else ""
  size <- value("content-length")
  if (service == "blob" && size == "0") size <- ""
  fields <- c("content-encoding", "content-language", NA, "content-md5", "content-type", "date", "if-modified-since", "if-match", "if-none-match",
              "if-unmodified-since", "range")
  lines <- c(method, vapply(fields, function(name) if (is.na(name)) size else value(name), ""))
  own <- sort(grep(if (service == "blob") "^x-ms-" else "^ocp-", names(headers), value = TRUE), method = "radix")
  lines <- c(lines, vapply(own, function(name) paste0(name, ":", headers[[name]]), ""))
  parts <- strsplit(target, "?", fixed = TRUE)[[1]]
  lines <- c(lines, paste0("/", account$accountName, parts[1]))
  if (length(parts) > 1) {
    pairs <- strsplit(strsplit(parts[2], "&", fixed = TRUE)[[1]], "=", fixed = TRUE)
    query <- vapply(pairs, function(pair) paste0(curl::curl_unescape(pair[1]), ":", curl::curl_unescape(paste(pair[-1], collapse = "="))), "")
    lines <- c(lines, sort(query, method = "radix"))
  }
  sprintf("SharedKey %s:%s", account$accountName, hmac(paste(lines, collapse = "\n")))
}

# One exchange: status, type, body as raw bytes. `base` is scheme, host and port.
exchange <- function(method, base, target, headers = list(), body = NULL, connect_to = NULL) {
  handle <- curl::new_handle(customrequest = method, cainfo = account$caFile, timeout = 60)
  if (!is.null(connect_to)) curl::handle_setopt(handle, connect_to = connect_to)
  if (method == "HEAD") curl::handle_setopt(handle, nobody = TRUE)
  if (!is.null(body)) {
    if (is.character(body)) body <- charToRaw(enc2utf8(body))
    curl::handle_setopt(handle, post = TRUE, postfieldsize = length(body), postfields = body, customrequest = method)
  }
  # Empty: none is sent, where curl would add one of its own that is not signed.
  unsent <- list(Expect = "", "Content-Type" = "")
  curl::handle_setheaders(handle, .list = c(headers, unsent[setdiff(names(unsent), names(headers))]))
  reply <- curl::curl_fetch_memory(paste0(base, target), handle)
  list(status = reply$status_code, type = reply$type, body = reply$content, text = function() rawToChar(reply$content),
       json = function() jsonlite::fromJSON(rawToChar(reply$content), simplifyVector = FALSE))
}

# A client of the Batch service, of one api-version, by key or by token.
batch_client <- function(version, base = sub("/$", "", account$batchUrl), token = NULL) {
  function(method, path, body = NULL, query = "") {
    # With a token its base ends with a slash, and so paths begin with two.
    target <- paste0(if (is.null(token)) "" else "/", path, "?api-version=", version, query)
    headers <- list("ocp-date" = http_time(), "User-Agent" = "rAzureBatch/0.7.0")
    if (!is.null(body)) {
      body <- jsonlite::toJSON(body, auto_unbox = TRUE, null = "null")
      headers[["Content-Type"]] <- "application/json;odata=minimalmetadata"
      headers[["Content-Length"]] <- as.character(nchar(body))
    } else if (method %in% c("POST", "DELETE")) {
      headers[["Content-Length"]] <- "0"
      body <- if (method == "POST") raw(0)
    }
    headers[["Authorization"]] <- if (is.null(token)) authorization("batch", method, target, headers) else paste("Bearer", token)
    exchange(method, base, target, headers, body)
  }
}

# The signature of a container for two days, in the form of 2016-05-31.
container_sas <- function(container, permissions) {
  time <- function(days) format(Sys.time() + days * 86400, "%Y-%m-%dT%H:%M:%SZ", tz = "GMT")
  start <- time(-1)
  end <- time(2)
  text <- c(permissions, start, end, sprintf("/blob/%s/%s", account$accountName, container), "", "", "", "2016-05-31", rep("", 5))
  paste0("?sv=2016-05-31&sr=c&st=", curl::curl_escape(start), "&se=", curl::curl_escape(end), "&sp=", permissions, "&sig=",
         curl::curl_escape(hmac(paste(text, collapse = "\n"))))
}

blob <- function(method, target, body = NULL, type = NULL, signed = !grepl("sig=", target)) {
  headers <- list("x-ms-date" = http_time(), "x-ms-version" = "2016-05-31")
  if (method == "PUT" && !grepl("restype=", target)) headers[["x-ms-blob-type"]] <- "BlockBlob"
  if (!is.null(type)) headers[["Content-Type"]] <- type
  if (method == "PUT" && is.null(body)) body <- raw(0)
  if (is.character(body)) body <- charToRaw(enc2utf8(body))
  if (!is.null(body)) headers[["Content-Length"]] <- as.character(length(body))
  if (signed) headers[["Authorization"]] <- authorization("blob", method, target, headers)
  exchange(method, paste0("https://", blob_host), target, headers, body)
}

passed <- 0L
failed <- 0L
step <- function(name, body) {
  problem <- tryCatch({ force(body); NULL }, error = function(e) conditionMessage(e))
  if (is.null(problem)) {
    passed <<- passed + 1L
    cat("ok   ", name, "\n")
  } else {
    failed <<- failed + 1L
    message("FAIL  ", name, "\n", problem)
  }
}
expect <- function(reply, status, empty = FALSE) {
  if (reply$status != status) stop(sprintf("status %d, expected %d: %s", reply$status, status, reply$text()), call. = FALSE)
  if (empty && length(reply$body) > 0) stop("the body is not empty: ", reply$text(), call. = FALSE)
  invisible(reply)
}
until <- function(what, seconds, condition) {
  end <- Sys.time() + seconds
  repeat {
    value <- condition()
    if (!is.null(value) && !isFALSE(value)) return(value)
    if (Sys.time() > end) stop(sprintf("waited %d s in vain: %s", seconds, what), call. = FALSE)
    Sys.sleep(0.1)
  }
}
done <- function() {
  cat(passed, "steps passed\n")
  quit(save = "no", status = if (failed > 0 || passed == 0) 1 else 0)
}
