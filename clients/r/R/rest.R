# Signed requests to a server's batch and blob APIs.
# Source: Azure's Shared Key and service SAS (docs.microsoft.com: "Authorize with Shared Key", "Create a service SAS").

api_version <- "2022-10-01.16.0"
blob_version <- "2021-12-02"
sas_version <- "2020-10-02"
signed_headers <- c("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date", "if-modified-since", "if-match",
                    "if-none-match", "if-unmodified-since", "range")

# Of one account; `handle`, a connection that stays open, belongs to one process.
server_of <- function(account) {
  server <- new.env(parent = emptyenv())
  server$account <- account
  class(server) <- "scoria_server"
  server
}

#' @export
print.scoria_server <- function(x, ...) cat("<server ", x$account$url, ">\n", sep = "")

signature <- function(key, text) openssl::base64_encode(unclass(openssl::sha256(charToRaw(enc2utf8(text)), key = key)))

url_encoded <- function(text) curl::curl_escape(enc2utf8(text))
url_decoded <- function(text) curl::curl_unescape(text)

http_time <- function(at = Sys.time()) {
  at <- as.POSIXlt(at, tz = "GMT")
  # Not format(): names of days would be the locale's.
  sprintf("%s, %02d %s %d %02d:%02d:%02d GMT", c("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")[at$wday + 1], at$mday,
          month.abb[at$mon + 1], at$year + 1900L, at$hour, at$min, as.integer(at$sec))
}
utc_time <- function(at) strftime(as.POSIXlt(at, tz = "GMT"), "%Y-%m-%dT%H:%M:%SZ")

authorization <- function(account, method, path, query, headers) {
  names(headers) <- tolower(names(headers))
  if (!is.null(headers[["x-ms-date"]]) && identical(headers[["content-length"]], "0")) headers[["content-length"]] <- ""  # storage signs a zero as nothing
  of_service <- sort(grep("^(x-ms-|ocp-)", names(headers), value = TRUE), method = "radix")
  text <- function(name) if (is.null(headers[[name]])) "" else headers[[name]]
  lines <- c(method, vapply(signed_headers, text, ""), sprintf("%s:%s", of_service, unlist(headers[of_service])), paste0("/", account$name, path))
  if (length(query) > 0) {
    names(query) <- tolower(names(query))
    lines <- c(lines, vapply(sort(names(query), method = "radix"), function(name) paste0(name, ":", query[[name]]), ""))
  }
  sprintf("SharedKey %s:%s", account$name, signature(account$key, paste(lines, collapse = "\n")))
}

# The query of a URL by which `permissions` are had without the key, for so long; `blob` NULL: for the whole container.
shared_access <- function(account, container, blob, permissions, seconds) {
  now <- Sys.time()
  start <- utc_time(now - 900)  # the clocks of nodes may be off by as much as the server allows
  end <- utc_time(now + seconds)
  resource <- paste(c(paste0("/blob/", account$name), container, blob), collapse = "/")
  kind <- if (is.null(blob)) "c" else "b"
  # 2020-10-02 signs: sp st se resource si sip spr sv sr snapshot, then five response headers.
  text <- paste(c(permissions, start, end, resource, "", "", "", sas_version, kind, "", "", "", "", "", ""), collapse = "\n")
  query <- list(sv = sas_version, sr = kind, st = start, se = end, sp = permissions, sig = signature(account$key, text))
  query_text(query)
}

query_text <- function(query) paste0(names(query), "=", vapply(query, function(value) url_encoded(as.character(value)), ""), collapse = "&")

# What the server answered: list(status, headers, body). Errors: of class scoria_service_error with `status` and `code`; where no answer came,
# scoria_connect_error.
request <- function(server, method, path, query = list(), headers = list(), body = NULL) {
  account <- server$account
  if (!identical(server$process, Sys.getpid())) {
    server$handle <- curl::new_handle()
    server$process <- Sys.getpid()
  }
  handle <- curl::handle_reset(server$handle)
  if (!is.null(body) || method %in% c("PUT", "POST")) {
    if (is.null(headers[["Content-Type"]])) headers[["Content-Type"]] <- "application/octet-stream"  # else curl has an idea of its own
    headers[["Content-Length"]] <- sprintf("%.0f", length(body))
  }
  headers[[if (is.null(headers[["x-ms-version"]])) "ocp-date" else "x-ms-date"]] <- http_time()
  headers[["Authorization"]] <- authorization(account, method, path, query, headers)
  options <- list(customrequest = method, nobody = method == "HEAD", connecttimeout = 30, low_speed_limit = 1, low_speed_time = 60, cainfo = account$ca_file)
  if (!is.null(body) || method %in% c("PUT", "POST")) {
    options <- c(options, list(postfields = if (is.null(body)) raw() else body, postfieldsize_large = length(body)))
  }
  curl::handle_setopt(handle, .list = Filter(Negate(is.null), options))
  curl::handle_setheaders(handle, .list = c(headers[names(headers) != "Content-Length"], Expect = ""))
  url <- paste0(account$url, path, if (length(query) > 0) paste0("?", query_text(query)))
  reply <- tryCatch(curl::curl_fetch_memory(url, handle), error = function(e) {
    message <- sprintf("no answer from the server at %s to %s %s: %s", account$url, method, path, conditionMessage(e))
    stop(structure(class = c("scoria_connect_error", "scoria_error", "error", "condition"), list(message = message, call = NULL, code = "unavailable")))
  })
  answer <- list(status = reply$status_code, headers = curl::parse_headers_list(reply$headers), body = reply$content)
  if (answer$status < 200 || answer$status >= 300) refuse_request(method, path, answer)
  answer
}

# What an error's body says: JSON of the batch API, XML of the blob API.
refuse_request <- function(method, path, answer) {
  code <- if (is.null(answer$headers[["x-ms-error-code"]])) "" else answer$headers[["x-ms-error-code"]]
  text <- rawToChar(answer$body[answer$body != 0])
  Encoding(text) <- "UTF-8"
  document <- tryCatch(jsonlite::parse_json(text), error = function(e) NULL)
  words <- ""
  if (is.list(document) && !is.null(document$message$value)) {
    code <- document$code
    words <- words_of(document)
  } else if (grepl("<Message>", text, fixed = TRUE)) {
    words <- xml_text(sub("\n.*", "", xml_values(text, "Message")[[1]]))
  }
  if (!nzchar(words)) words <- sprintf("%s %s was answered with status %d", method, path, answer$status)
  stop(structure(class = c("scoria_service_error", "scoria_error", "error", "condition"),
                 list(message = if (nzchar(code)) paste0(code, ": ", words) else words, call = NULL, code = code, status = answer$status)))
}

words_of <- function(error) {
  details <- vapply(error$values, function(one) sprintf(" (%s: %s)", one$key, one$value), "")
  paste0(sub("\nRequestId.*", "", error$message$value), paste(details, collapse = ""))
}

xml_values <- function(text, tag) {
  found <- regmatches(text, gregexpr(sprintf("<%s>([^<]*)</%s>", tag, tag), text))[[1]]
  gsub(sprintf("</?%s>", tag), "", found)
}
xml_text <- function(text) {
  for (pair in list(c("&lt;", "<"), c("&gt;", ">"), c("&quot;", "\""), c("&apos;", "'"), c("&amp;", "&"))) text <- gsub(pair[[1]], pair[[2]], text, fixed = TRUE)
  text
}

# ---- the batch API ----

batch <- function(server, method, parts, body = NULL, query = list(), headers = list()) {
  path <- paste0("/", vapply(parts, url_encoded, ""), collapse = "")
  query <- c(list(`api-version` = api_version), Filter(Negate(is.null), query))
  if (!is.null(body)) {
    headers[["Content-Type"]] <- "application/json; odata=minimalmetadata"
    body <- charToRaw(enc2utf8(as.character(jsonlite::toJSON(body, auto_unbox = TRUE, null = "null", digits = NA))))
  }
  request(server, method, path, query, headers, body)
}

document_of <- function(answer) {
  text <- rawToChar(answer$body)
  Encoding(text) <- "UTF-8"
  if (nzchar(text)) jsonlite::parse_json(text) else list()
}

# All items of a list, page by page.
batch_list <- function(server, parts, filter = NULL, select = NULL, more = list()) {
  items <- list()
  token <- NULL
  repeat {
    page <- document_of(batch(server, "GET", parts, query = c(list(`$filter` = filter, `$select` = select, `$skiptoken` = token), more)))
    items <- c(items, page$value)
    following <- page[["odata.nextLink"]]
    if (is.null(following)) return(items)
    token <- url_decoded(sub(".*[?&](%24|[$])skiptoken=([^&]*).*", "\\2", following))
  }
}

# ---- the blob API ----

encoded_path <- function(path) vapply(strsplit(path, "/", fixed = TRUE)[[1]], url_encoded, "")

blob_request <- function(server, method, container, blob = NULL, body = NULL, query = list(), headers = list()) {
  path <- paste0(c("", server$account$name, if (nzchar(container)) container, if (!is.null(blob)) encoded_path(blob)), collapse = "/")
  request(server, method, path, query, c(list(`x-ms-version` = blob_version), headers), body)
}

create_container <- function(server, container) {
  tryCatch(blob_request(server, "PUT", container, query = list(restype = "container")),
           scoria_service_error = function(e) if (e$code != "ContainerAlreadyExists") stop(e))
  invisible()
}
delete_container <- function(server, container) unless_gone(blob_request(server, "DELETE", container, query = list(restype = "container")))
put_blob <- function(server, container, blob, bytes) invisible(blob_request(server, "PUT", container, blob, bytes, headers = list(`x-ms-blob-type` = "BlockBlob")))
# NULL where there is none.
get_blob <- function(server, container, blob) {
  tryCatch(blob_request(server, "GET", container, blob)$body, scoria_service_error = function(e) if (e$status == 404) NULL else stop(e))
}
blob_url <- function(server, container, blob = NULL, permissions = "r", seconds = link_seconds) {
  place <- paste(c(server$account$blob_url, container, if (!is.null(blob)) encoded_path(blob)), collapse = "/")
  paste0(place, "?", shared_access(server$account, container, blob, permissions, seconds))
}
link_seconds <- 30 * 86400

# data.frame(name, bytes, changed)
list_blobs <- function(server, container, prefix = "") {
  name <- bytes <- changed <- character()
  marker <- NULL
  repeat {
    query <- Filter(Negate(is.null), list(restype = "container", comp = "list", prefix = prefix, marker = marker))
    page <- rawToChar(blob_request(server, "GET", container, query = query)$body)
    Encoding(page) <- "UTF-8"
    name <- c(name, xml_text(xml_values(page, "Name")))
    bytes <- c(bytes, xml_values(page, "Content-Length"))
    changed <- c(changed, xml_values(page, "Last-Modified"))
    marker <- xml_values(page, "NextMarker")
    if (length(marker) == 0 || !nzchar(marker)) break
  }
  data.frame(name = name, bytes = as.numeric(bytes), changed = changed)
}

list_containers <- function(server, prefix = "") {
  names <- character()
  marker <- NULL
  repeat {
    page <- rawToChar(blob_request(server, "GET", "", query = Filter(Negate(is.null), list(comp = "list", prefix = prefix, marker = marker)))$body)
    names <- c(names, xml_values(page, "Name"))
    marker <- xml_values(page, "NextMarker")
    if (length(marker) == 0 || !nzchar(marker)) return(names)
  }
}

# What is to end may have ended, or be ending, already.
unless_gone <- function(step) {
  tryCatch(step, scoria_service_error = function(e) if (!e$status %in% c(404, 409)) stop(e))
  invisible()
}

# Whether the same request may succeed later: nobody answers, or a server that has trouble of its own, such as one that starts.
may_pass <- function(e) inherits(e, "scoria_connect_error") || (inherits(e, "scoria_service_error") && e$status >= 500)

# The value of a request, which is tried for so many seconds as long as that may pass.
patiently <- function(step, seconds = 300) {
  end <- .Call(C_clock) + seconds
  repeat {
    outcome <- tryCatch(list(value = step()), scoria_error = function(e) if (may_pass(e) && .Call(C_clock) < end) NULL else stop(e))
    if (!is.null(outcome)) return(outcome$value)
    Sys.sleep(0.5)
  }
}
