# R as a template: started once with what takes long to load, then forked for each script and each worker (worker/shim.h).
#
#   Rscript template.R SHIM FD PACKAGE,...            forks on orders that come through the socket FD
#   Rscript template.R SHIM become SCRIPT ARGUMENT... is that script at once, with the same environment around it
#
# A script's lines are read by R itself, in the place of this file's: so this file must end with the call that forks, and leave nothing behind. Its
# functions hang in an option, until then: R prints whole calls when it crashes, and these should be short.
options(scoria.template = new.env(parent = baseenv()))
local(envir = getOption("scoria.template"), {
  most_in_stream <- 2^20

  # parallel::detectCores() sees the task's slots.
  limit_cores <- function() {
    cores <- suppressWarnings(as.integer(Sys.getenv("SCORIA_CPUS")))
    if (is.na(cores)) return()
    replace <- function(...) {
      namespace <- asNamespace("parallel")
      f <- eval(call("function", formals(namespace$detectCores), cores), baseenv())
      for (place in c(namespace, if ("package:parallel" %in% search()) as.environment("package:parallel"))) {
        unlockBinding("detectCores", place)
        assign("detectCores", f, place)
        lockBinding("detectCores", place)
      }
    }
    if (isNamespaceLoaded("parallel")) replace() else setHook(packageEvent("parallel", "onLoad"), replace)
  }

  # Random numbers of a child begin anew.
  forget_seed <- function() if (exists(".Random.seed", globalenv(), inherits = FALSE)) rm(".Random.seed", envir = globalenv())

  reset <- function() {
    setSessionTimeLimit()
    while (sink.number() > 0L) sink()
    for (connection in setdiff(getAllConnections(), 0:2)) close(getConnection(connection))  # closeAllConnections() takes 14 ms
    grDevices <- if (isNamespaceLoaded("grDevices")) asNamespace("grDevices")
    if (!is.null(grDevices)) grDevices$graphics.off()
    for (package in setdiff(search(), at_first$search)) detach(package, character.only = TRUE)
    rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv())
    rm(list = ls(state, all.names = TRUE), envir = state)
    more <- setdiff(names(options()), names(at_first$options))
    options(c(at_first$options, structure(vector("list", length(more)), names = more)))
    now <- Sys.getenv()
    if (!identical(now, at_first$environment)) {
      Sys.unsetenv(setdiff(names(now), names(at_first$environment)))
      do.call(Sys.setenv, as.list(at_first$environment))
    }
    setwd(at_first$directory)
    if (!identical(RNGkind(), at_first$rng)) RNGkind(at_first$rng[1L], at_first$rng[2L], at_first$rng[3L])
    forget_seed()
    unlink(list.files(tempdir(), all.files = TRUE, full.names = TRUE, no.. = TRUE), recursive = TRUE)
  }

  output <- function() {
    size <- .C(C$output_size, 0)[[1L]]
    if (size == 0) return("")
    bytes <- .C(C$output_take, raw(size))[[1L]]
    text <- rawToChar(bytes[bytes != 0L])
    if (validUTF8(text)) Encoding(text) <- "UTF-8"
    text
  }

  # Where an error came from, without what is ours: the frames between `mine` and the handler that asks.
  calls_since <- function(mine) {
    calls <- sys.calls()
    calls <- calls[seq_along(calls) > mine & seq_along(calls) < length(calls) - 1L]
    said <- vapply(calls, function(one) substr(deparse(one, nlines = 1L)[1L], 1L, 200L), "")
    utils::tail(said[!grepl("^\\.handleSimpleError\\(|^h\\(simpleError\\(", said)], 50L)
  }

  answer <- function(kind, value) {
    is_large <- tryCatch(utils::object.size(value) > most_in_stream, error = function(e) TRUE)
    if (is_large) {
      path <- .C(C$share, "")[[1L]]
      to <- file(path, "wb")
      serialize(value, to, xdr = FALSE)
      close(to)
      return(.C(C$answer_shared, kind, 0L)[[2L]])
    }
    bytes <- serialize(value, NULL, xdr = FALSE)
    .C(C$answer, kind, bytes, as.double(length(bytes)), 0L)[[4L]]
  }

  run <- function(message) {
    warnings <- list()
    calls <- character()
    mine <- sys.nframe() + 7L  # withCallingHandlers, tryCatch and theirs, do.call
    outcome <- tryCatch(
      withCallingHandlers(
        list(value = do.call(message[[1L]], c(list(state), message[[2L]]), quote = TRUE)),
        warning = function(w) {
          warnings[[length(warnings) + 1L]] <<- w
          invokeRestart("muffleWarning")
        },
        error = function(e) calls <<- calls_since(mine)
      ),
      error = function(e) list(error = e)
    )
    setTimeLimit()  # one that the call set would end what comes after it
    while (sink.number() > 0L) sink()
    outcome$output <- output()
    outcome$warnings <- warnings
    if (!is.null(outcome$error)) outcome$calls <- calls
    outcome
  }

  # One call or reset: whether it was the last.
  serve_one <- function() {
    head <- .C(C$receive, kind = 0L, size = 0, path = "")
    if (head$kind == 0L) return(TRUE)
    if (head$kind == 3L || head$kind == 4L) return(serve_service(head) != 0L)
    if (head$kind == 5L) return(become_template())
    if (head$kind == 2L) {
      reset()
      return(.C(C$answer, 18L, raw(0L), 0, 0L)[[4L]] != 0L)
    }
    outcome <- tryCatch(run(read_call(head)), error = function(e) {
      list(error = e, calls = character(), output = output(), warnings = list())
    })
    tryCatch(answer(if (is.null(outcome$error)) 16L else 17L, outcome), error = function(e) {
      # Too large for this process, or not to be serialized.
      e$message <- paste("its result cannot be sent:", conditionMessage(e))
      answer(17L, list(error = e, calls = character(), output = "", warnings = list()))
    }) != 0L
  }

  # A service: code of the client's makes it once, then its function answers each request. What it says must be quick to read: no conditions, no calls.
  service <- NULL
  open_service <- function(message) {
    place <- new.env(parent = baseenv())
    eval(parse(text = message$source, keep.source = FALSE), place)
    service <<- place$open(message$options)
    NULL
  }

  serve_service <- function(head) {
    warnings <- calls <- character()
    mine <- sys.nframe() + 6L  # tryCatch and its three, withCallingHandlers, the service's own function
    outcome <- tryCatch(
      withCallingHandlers(
        list(value = if (head$kind == 3L) open_service(read_call(head)) else service(read_call(head))),
        warning = function(w) {
          if (length(warnings) < 50L) warnings[[length(warnings) + 1L]] <<- conditionMessage(w)
          invokeRestart("muffleWarning")
        },
        error = function(e) calls <<- calls_since(mine)
      ),
      error = function(e) {
        at <- conditionCall(e)
        at <- if (!is.null(at)) paste0("Error in ", substr(deparse(at, nlines = 1L)[1L], 1L, 200L), ": ") else "Error: "
        list(message = paste0(at, conditionMessage(e)))
      }
    )
    setTimeLimit()
    while (sink.number() > 0L) sink()
    outcome$output <- output()
    outcome$warnings <- warnings
    is_failed <- !is.null(outcome$message)
    if (is_failed) outcome$calls <- calls
    bytes <- serialize(outcome, NULL, xdr = FALSE)
    if (length(bytes) <= most_in_stream)
      return(.C(C$answer, if (is_failed) 17L else 16L, bytes, as.double(length(bytes)), 0L)[[4L]])
    to <- file(.C(C$share, "")[[1L]], "wb")
    writeBin(bytes, to)
    close(to)
    .C(C$answer_shared, if (is_failed) 17L else 16L, 0L)[[2L]]
  }

  # From here on this process only forks: what its service has loaded is shared. Returns in the children, and where it cannot be.
  become_template <- function() {
    gc()
    gc()  # what survives two is old: later collections pass over it
    made <- .C(C$become_template, own_file, why = "", mode = 0L)
    if (made$mode == 0L) return(TRUE)
    if (made$mode == 2L) {
      forget_seed()
      return(FALSE)
    }
    bytes <- serialize(list(message = made$why, output = "", warnings = character(), calls = character()), NULL, xdr = FALSE)
    .C(C$answer, 17L, bytes, as.double(length(bytes)), 0L)[[4L]] != 0L
  }

  read_call <- function(head) {
    if (!nzchar(head$path)) return(unserialize(.C(C$take, raw(head$size))[[1L]]))
    from <- file(head$path, "rb")
    on.exit(close(from))
    unserialize(from)
  }

  go <- function() {
    options(scoria.template = NULL)
    arguments <- commandArgs(TRUE)
    own_file <<- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1L])
    shim <- dyn.load(arguments[[1L]])
    if (arguments[[2L]] == "become") {
      limit_cores()
      words <- c("scoria", "call-r", arguments[-(1:2)])
      return(invisible(.C("scoria_become", words, length(words), own_file)))
    }
    for (package in strsplit(arguments[[3L]], ",", fixed = TRUE)[[1L]]) {
      # One that is missing is said by the call that needs it.
      tryCatch(suppressWarnings(suppressMessages(loadNamespace(package))), error = function(e) NULL)
    }
    # Before the fork, once for all children.
    for (name in c("receive", "take", "output_size", "output_take", "answer", "share", "answer_shared", "become_template")) {
      C[[name]] <- getNativeSymbolInfo(paste0("scoria_", name), shim)
    }
    for (name in ls(environment(go))) {
      if (is.function(environment(go)[[name]])) assign(name, compiler::cmpfun(environment(go)[[name]]), environment(go))
    }
    run(list(function(state) NULL, list()))
    gc()  # pages that nobody writes to any more are shared
    mode <- .C("scoria_template", as.integer(arguments[[2L]]), own_file, mode = 0L)$mode
    if (mode <= 0L) quit("no", -mode, FALSE)
    forget_seed()
    limit_cores()
    if (mode == 2L) {
      at_first <<- list(options = options(), environment = Sys.getenv(), directory = getwd(), search = search(), rng = RNGkind())
      while (!serve_one()) NULL
      quit("no", 0L, FALSE)
    }
    invisible()
  }
  at_first <- NULL
  own_file <- ""
  state <- new.env(parent = emptyenv())
  C <- new.env(parent = emptyenv())
})
getOption("scoria.template")$go()
