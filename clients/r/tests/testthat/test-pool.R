# Loops on a server's pool: the same values, and conditions that say task and node.

test_that("foreach's options mean what they mean with %do%", {
  server <- need_server()
  expect_identical(foreach::getDoParWorkers(), 2L)
  expect_agreement(foreach(i = 1:5), i^2)
  expect_agreement(foreach(i = 1:5, .combine = rbind), c(i, i^2))
  expect_agreement(foreach(i = 1:3, .combine = rbind) %:% foreach(j = 1:2, .combine = c), i * j)
  expect_agreement(foreach(i = cars, .final = unlist), sum(i))
  expect_agreement(foreach(i = integer()), i)
  expect_identical(sort(foreach(i = 1:6, .combine = c, .inorder = FALSE) %dopar% i), 1:6)
  expect_identical(foreach(i = 1:2, .combine = c, .packages = "tools") %dopar% file_ext("a.txt"), c("txt", "txt"))
  expect_nothing_left(server)
})

test_that("large variables are stored once; arguments of any size arrive", {
  server <- need_server()
  large <- runif(2e5)
  objects <- function() sum(grepl("^object-", listStorageFiles("scoria-r-objects")$name))
  before <- objects()
  expect_identical(foreach(i = 1:3, .combine = c) %dopar% sum(large), rep(sum(large), 3))
  same <- large + 0
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% sum(same), rep(sum(large), 2))
  expect_identical(objects(), before + 1L)
  parts <- list(rnorm(1e4), rnorm(10))
  expect_identical(foreach(part = parts, .combine = c) %dopar% sum(part), vapply(parts, sum, 0))
})

test_that("stored variables that somebody deleted cost one loop", {
  server <- need_server()
  large <- runif(2e4)
  run <- function() foreach(i = 1:2, .combine = c) %dopar% sum(large)
  expect_identical(run(), rep(sum(large), 2))
  deleteStorageContainer("scoria-r-objects")
  expect_s3_class(error_of(run()), "scoria_task_error")
  expect_identical(run(), rep(sum(large), 2))
})

test_that("random numbers are those of local workers", {
  server <- need_server()
  run <- function() foreach(i = 1:4, .combine = c, .options.scoria = list(seed = 11)) %dopar% rnorm(1)
  there <- run()
  need_workers(workers = 2)
  expect_identical(there, run())
})

test_that("an iteration that fails stops the loop, is passed, or removed", {
  server <- need_server()
  error <- error_of(foreach(i = 1:6) %dopar% { message("working on ", i); if (i >= 4) stop("boo ", i) else i })
  expect_s3_class(error, "scoria_task_error")
  expect_identical(conditionMessage(error), "task 4 failed - \"boo 4\"")
  expect_identical(error$iteration, 4)
  expect_match(error$node, "^tvm-")
  expect_match(error$output, "working on 4")
  expect_match(error$calls[[1]], "stop")
  expect_identical(foreach(i = 1:6, .combine = c, .errorhandling = "remove") %dopar% if (i == 4) stop("boo") else i, (1:6)[-4])
  expect_nothing_left(server)
})

test_that("what iterations write is shown as it was written, and belongs to their errors", {
  need_server()
  shown <- capture.output(invisible(foreach(i = 1:2) %dopar% { message("pm", i); cat("  a\n"); print(i) }))
  # Of two tasks, each one's when it is done.
  expect_true(list(shown) %in% list(c("  a", "[1] 1", "pm1", "  a", "[1] 2", "pm2"), c("  a", "[1] 2", "pm2", "  a", "[1] 1", "pm1")))
  for (chunk_size in 1:2) {
    run <- function() foreach(i = 1:2, .options.scoria = list(chunk_size = chunk_size)) %dopar% { cat("hello", i, "\n"); warning("w"); if (i == 2) stop("bad") }
    shown <- capture.output(error <- suppressWarnings(error_of(run())))
    expect_identical(error$output, "hello 2 \n")
    expect_identical(sort(shown), c("hello 1 ", "hello 2 "))
  }
  job <- foreach(i = 1:2, .options.scoria = list(wait = FALSE)) %dopar% { cat("hello", i, "\n"); if (i == 2) stop("bad") }
  waitForJob(job, timeout = 60)
  expect_identical(error_of(getJobResult(job))$output, "hello 2 \n")
  deleteJob(job)
  shown <- capture.output(error_of(foreach(i = 1:2) %dopar% { cat("last words\n"); q("no", 3) }))
  expect_identical(shown[[1]], "last words")
  expect_identical(capture.output(invisible(foreach(i = 1:2) %dopar% system("echo child; echo too >&2"))), rep(c("child", "too"), 2))
})

test_that("a process that dies fails one iteration; the others of its chunk are run again", {
  server <- need_server(chunk_size = 5)
  for (way in c("kill", "segfault", "quit")) {
    passed <- foreach(i = 1:10, .errorhandling = "pass") %dopar% {
      if (i == 3) switch(way, kill = tools::pskill(Sys.getpid(), 9), segfault = tools::pskill(Sys.getpid(), 11), quit = q("no", 3))
      i
    }
    expect_s3_class(passed[[3]], "scoria_task_error")
    expect_match(conditionMessage(passed[[3]]), paste0("task .* of job .* on node .*: it ", switch(way, kill = "was killed by SIGKILL", segfault = "was killed by SIGSEGV", quit = "ended with exit code 3")))
    expect_identical(passed[-3], as.list((1:10)[-3]))
  }
  expect_match(message_of(foreach(i = 1:4) %dopar% q("no", 0)), "ended by itself with status 0")
})

test_that("what takes too long, is too large or cannot be set up is said", {
  server <- need_server(timeout = 1, max_result = 2^20)
  passed <- foreach(i = 1:3, .errorhandling = "pass") %dopar% { if (i == 2) while (TRUE) {}; if (i == 3) numeric(2^18) else i }
  expect_match(conditionMessage(passed[[2]]), "time limit")
  expect_match(conditionMessage(passed[[3]]), "max_result")
  expect_match(message_of(foreach(i = 1:2, .packages = "no.such.package") %dopar% i), "on node .*no.such.package")
  registerDoScoria(pool = "two", command = "no-such-program", progress = FALSE)
  expect_match(message_of(foreach(i = 1:2) %dopar% i), "there is no 'no-such-program' on it")
  expect_error(registerDoScoria(pool = "three"), class = "scoria_service_error")
  expect_error(registerDoScoria(pool = "two", memory = 1e9), "memory is of this machine's workers")
  expect_nothing_left(server)
})

test_that("Rscript may run chunks as well", {
  need_server(command = "Rscript")
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% i * 2, c(2, 4))
})

test_that("an interrupt ends what runs, and leaves nothing", {
  server <- need_server()
  interrupted <- local({
    setTimeLimit(elapsed = 2)
    on.exit(setTimeLimit())
    error_of(foreach(i = 1:2) %dopar% Sys.sleep(60))
  })
  expect_s3_class(interrupted, "error")
  expect_nothing_left(server)
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% i, 1:2)
})

test_that("a server that starts anew in between is waited for", {
  server <- need_server()
  before <- served$pid()
  served$restart(seconds = 1)
  expect_identical(foreach(i = 1:4, .combine = c) %dopar% { Sys.sleep(2); i }, 1:4)
  expect_false(served$pid() == before)
})

test_that("which server, is found or said", {
  need_server()
  account <- scoria:::account_of_data(served$data)
  setCredentials(server = account$url, account = account$name, key = openssl::base64_encode(account$key))
  registerDoScoria(pool = "two", progress = FALSE)
  registerDoScoria(pool = "two", server = account$url, account = account$name, key = openssl::base64_encode(account$key), progress = FALSE)
  expect_identical(foreach(i = 1:2, .combine = c) %dopar% i, 1:2)
  path <- tempfile(fileext = ".json")
  jsonlite::write_json(list(accountName = account$name, accountKey = openssl::base64_encode(account$key), batchUrl = account$url), path, auto_unbox = TRUE)
  setCredentials(path)
  expect_identical(scoria:::find_account()$url, account$url)
  jsonlite::write_json(list(sharedKey = list(batchAccount = list(name = account$name, key = openssl::base64_encode(account$key), url = account$url))), path, auto_unbox = TRUE)
  setCredentials(path)
  expect_identical(scoria:::find_account()$key, account$key)
  expect_error(setCredentials("/no/such/file.json"), "there is no '/no/such/file.json'")
  expect_error(setCredentials(data = "/no/such/folder"), "there is no server's data in '/no/such/folder'")
  expect_error(setCredentials(server = "http://127.0.0.1:1", account = "a"), "its account is not known")
  expect_error(registerDoScoria(pool = "two", server = "http://127.0.0.1:1", account = "a", key = "YQ=="), class = "scoria_connect_error")
  setCredentials(data = served$data)
})
