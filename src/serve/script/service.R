# What makes a warm R worker a service: evaluated in it once (frame 3 of docs/formats/worker.md), then open(options) gives the function that answers each
# request's payload.

open <- function(options) {
  if (nzchar(options$model)) assign("model", read_model(options$model), globalenv())
  switch(options$form,
    plumber = open_plumber(options),
    model = rows_function(predict_with(get("model", globalenv()))),
    rows_function(open_function(options))
  )
}

read_model <- function(path) {
  if (grepl("[.]rds$", path, ignore.case = TRUE)) return(readRDS(path))
  place <- new.env(parent = emptyenv())
  names <- load(path, place)
  if (length(names) != 1L) stop("'", path, "' holds ", length(names), " objects; a model's file holds one")
  place[[names]]
}

# Its package's predict() method, which R finds once the package is loaded.
predict_with <- function(model) {
  force(model)
  has_method <- function() any(vapply(class(model), function(one) !is.null(utils::getS3method("predict", one, optional = TRUE)), NA))
  packages <- c(sub("[.].*$", "", class(model)), attr(class(model), "package"),
    c(xgb.Booster = "xgboost", lgb.Booster = "lightgbm", train = "caret", coxph = "survival", survreg = "survival", nnet.formula = "nnet",
      svm = "e1071", naiveBayes = "e1071", lme = "nlme", lmerMod = "lme4", glmerMod = "lme4", gam = "mgcv", polr = "MASS", lda = "MASS",
      cv.glmnet = "glmnet", elnet = "glmnet", ksvm = "kernlab", workflow = "workflows")[class(model)])
  for (package in unique(packages[!is.na(packages)])) {
    if (has_method()) break
    suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))
  }
  if (!has_method() && !isS4(model)) stop("no package here has a predict() for a model of class ", paste(class(model), collapse = ", "))
  function(df) stats::predict(model, df)
}

open_function <- function(options) {
  suppressPackageStartupMessages(sys.source(options$script, envir = globalenv()))
  if (exists("init", globalenv(), mode = "function", inherits = FALSE)) get("init", globalenv())()
  if (!exists(options$`function`, globalenv(), mode = "function"))
    stop("'", options$script, "' defines no function ", options$`function`, "()")
  f <- get(options$`function`, globalenv(), mode = "function")
  if (nzchar(options$model) && length(setdiff(names(formals(args(f))), "...")) >= 2L) {
    model <- get("model", globalenv())
    return(function(df) f(df, model))
  }
  f
}

# Of each kind of answer its columns, as plain vectors.
rows_function <- function(f) {
  force(f)
  plain <- function(x) {
    if (is.factor(x)) return(as.character(x))
    if (inherits(x, c("Date", "POSIXt"))) return(format(x))
    if (is.object(x) || !(is.numeric(x) || is.logical(x) || is.character(x)))
      stop("the function's answer has a column of class ", class(x)[1L], "; numbers, texts, logicals, factors and dates can be sent")
    attributes(x) <- NULL
    x
  }
  columns <- function(value) {
    if (is.data.frame(value)) return(lapply(structure(unclass(value), row.names = NULL), plain))
    if (is.matrix(value)) {
      parts <- lapply(seq_len(ncol(value)), function(i) plain(value[, i]))
      names(parts) <- colnames(value)
      return(parts)
    }
    if (is.atomic(value) && !is.null(value) || is.factor(value)) return(list(plain(value)))
    if (is.list(value) && length(value) > 0L && length(unique(lengths(value))) == 1L) return(lapply(value, plain))
    stop("the function must answer a vector, a matrix, a data frame or a list of columns, not ", class(value)[1L])
  }
  function(df) {
    value <- f(df)
    if (is.double(value) && is.null(dim(value)) && !is.object(value)) {
      attributes(value) <- NULL
      return(list(value))
    }
    columns(value)
  }
}

# A plumber file answers by plumber's own router: what httpuv would hand to it is made here, and what httpuv would make of its answer.
open_plumber <- function(options) {
  if (!requireNamespace("plumber", quietly = TRUE))
    stop("'", options$script, "' is a plumber file, and R's package plumber is not installed here (Debian: r-cran-plumber)")
  is_entry <- tolower(basename(options$script)) == "entrypoint.r"
  router <- suppressPackageStartupMessages(if (is_entry) plumber::plumb(dir = dirname(options$script)) else plumber::plumb(options$script))
  mine <- router$.__enclos_env__$private
  mine$maxSize <- getOption("plumber.maxRequestSize", 0)  # as its run() does
  router$setDebug(router$getDebug())
  if (isTRUE(mine$docs_info$enabled)) {
    # Its documents' pages, where the package that they come from is here.
    try(suppressMessages(asNamespace("plumber")$mount_docs(pr = router, host = "127.0.0.1", port = 8000L, docs_info = mine$docs_info, callback = NULL, quiet = TRUE)),
      silent = TRUE)
  }
  rook_call <- asNamespace("httpuv")$rookCall
  answer <- function(router, request) {
    req <- rook_request(request)
    response <- rook_call(router$onHeaders, req)
    if (is.null(response)) {
      input <- NULL
      if (length(request$body) > 0L) {
        input <- rawConnection(request$body)
        on.exit(close(input))
      }
      response <- rook_call(router$call, req, input, length(request$body))
    }
    if (inherits(response, "promise")) response <- wait_for(response)
    rook_reply(response)
  }
  warm_plumber(answer)
  function(request) answer(router, request)
}

# R compiles a function at its second call. Plumber's are compiled here, with a router that is not the script's, so that all workers share what comes of it.
warm_plumber <- function(answer) {
  had_seed <- exists(".Random.seed", globalenv(), inherits = FALSE)
  try(silent = TRUE, {
    router <- plumber::pr_post(plumber::pr(), "/warm/<name>", function(req, res, name, x = 0) list(x = x))
    request <- list(method = "POST", path = "/warm/a", query = "b=1", headers = c(host = "localhost", `content-type` = "application/json"),
      body = charToRaw("{\"x\":[1]}"), peer = "127.0.0.1:1", tls = FALSE)
    for (i in 1:4) answer(router, request)
  })
  if (!had_seed && exists(".Random.seed", globalenv(), inherits = FALSE)) rm(".Random.seed", envir = globalenv())
}

rook_request <- function(request) {
  req <- new.env(parent = emptyenv())
  headers <- request$headers
  names <- tolower(names(headers))
  if (anyDuplicated(names)) {
    headers <- vapply(split(headers, factor(names, unique(names))), paste, "", collapse = ",")
    names <- names(headers)
  }
  in_order <- order(names, method = "radix")
  headers <- structure(unname(headers), names = names)[in_order]
  for (name in names(headers)) req[[paste0("HTTP_", chartr("-", "_", toupper(name)))]] <- headers[[name]]
  req$HEADERS <- headers
  req$REQUEST_METHOD <- request$method
  req$SCRIPT_NAME <- ""
  req$PATH_INFO <- request$path
  req$QUERY_STRING <- if (nzchar(request$query)) paste0("?", request$query) else ""
  req$rook.version <- "1.1-0"
  req$rook.url_scheme <- if (request$tls) "https" else "http"
  peer <- split_port(request$peer)
  req$REMOTE_ADDR <- peer[[1L]]
  req$REMOTE_PORT <- peer[[2L]]
  host <- split_port(if (is.null(req$HTTP_HOST)) "" else req$HTTP_HOST)
  req$SERVER_NAME <- host[[1L]]
  req$SERVER_PORT <- if (nzchar(host[[2L]])) host[[2L]] else if (request$tls) "443" else "80"
  req
}

# "[::1]:8080": "::1" and "8080".
split_port <- function(text) {
  colon <- regexpr(":[0-9]*$", text)
  if (colon < 0L) return(c(text, ""))
  c(sub("^\\[(.*)\\]$", "\\1", substr(text, 1L, colon - 1L)), substr(text, colon + 1L, nchar(text)))
}

# A promise is awaited here: a worker has one request at a time.
wait_for <- function(promise) {
  done <- FALSE
  value <- NULL
  promises::then(promise, onFulfilled = function(x) {
    value <<- x
    done <<- TRUE
  }, onRejected = function(e) {
    value <<- list(status = 500L, headers = list(`Content-Type` = "text/plain; charset=UTF-8"), body = paste("ERROR:", conditionMessage(e)))
    done <<- TRUE
  })
  while (!done) later::run_now(1)
  value
}

rook_reply <- function(response) {
  body <- response$body
  if (!is.null(response$bodyFile)) {
    body <- readBin(response$bodyFile, "raw", file.size(response$bodyFile))
    if (isTRUE(response$bodyFileOwned)) unlink(response$bodyFile)
  }
  if (is.character(body)) body <- charToRaw(body[[1L]])
  if (!is.raw(body)) body <- raw()
  headers <- response$headers
  list(status = as.integer(response$status), headers = vapply(headers, function(one) paste(one, collapse = ", "), ""), body = body)
}
