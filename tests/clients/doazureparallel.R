# What doAzureParallel asks for, in its order and with its shapes, by requests of our own: a cluster, foreach loops in chunks with a merge, a loop with
# packages, one that stops, one over data, files, lists, deletes; by key (the current versions) and by a service principal (the older ones).
# Workers and mergers are ours, run by the node's real Rscript; wget, docker and blobxfer are the server's stand-ins.
source(file.path(Sys.getenv("SCORIA_TEST_FOLDER"), "azure_requests.R"))

worker <- '
# worker.R START END IS_DATA ERRORS: applies the job\'s function to its items, errors become results unless the loop stops at them.
a <- commandArgs(trailingOnly = TRUE)
job <- readRDS(file.path(Sys.getenv("AZ_BATCH_JOB_PREP_WORKING_DIR"), paste0(Sys.getenv("AZ_BATCH_JOB_ID"), ".rds")))
id <- Sys.getenv("AZ_BATCH_TASK_ID")
items <- if (a[3] == "1") readRDS(paste0(id, ".rds")) else job$items[as.integer(a[1]):as.integer(a[2])]
.libPaths(c(Sys.getenv("AZ_BATCH_JOB_PREP_WORKING_DIR"), "/mnt/batch/tasks/shared/R/packages", .libPaths()))
results <- lapply(items, function(item) tryCatch(job$call(item), error = function(e) e))
saveRDS(results, file.path(Sys.getenv("AZ_BATCH_TASK_WORKING_DIR"), paste0(id, "-result.rds")))
cat("items", length(items), "\n")
if (a[4] == "stop" && any(vapply(results, inherits, NA, "error"))) quit(save = "no", status = 1)
'
merger <- '
# merger.R TASKS CHUNK ERRORS: what the tasks left, in their order.
a <- commandArgs(trailingOnly = TRUE)
files <- list.files(file.path(Sys.getenv("AZ_BATCH_TASK_WORKING_DIR"), "results"), pattern = "^[0-9]+-result.rds$", full.names = TRUE)
if (a[3] == "stop" && length(files) != as.integer(a[1])) stop("results are missing: ", length(files), " of ", a[1])
files <- files[order(as.integer(sub("-.*", "", basename(files))))]
results <- do.call(c, lapply(files, readRDS))
if (a[3] == "remove") results <- Filter(function(x) !inherits(x, "error"), results)
saveRDS(results, file.path(Sys.getenv("AZ_BATCH_TASK_WORKING_DIR"), "merge-result.rds"))
'
# Stands for install.packages(), which needs a repository: leaves what it was asked for where the job\'s tasks look.
install <- '
.libPaths(c(Sys.getenv("AZ_BATCH_JOB_PREP_WORKING_DIR"), .libPaths()))
writeLines(commandArgs(trailingOnly = TRUE), file.path(.libPaths()[1], "asked.txt"))
'

line <- function(...) paste0('/bin/bash -c "set -e; set -o pipefail; ', paste0(c(...), ";", collapse = " "), ' wait"')
node_options <- paste("--rm -v $AZ_BATCH_NODE_ROOT_DIR:$AZ_BATCH_NODE_ROOT_DIR -e AZ_BATCH_NODE_ROOT_DIR=$AZ_BATCH_NODE_ROOT_DIR",
                      "-e AZ_BATCH_NODE_STARTUP_DIR=$AZ_BATCH_NODE_STARTUP_DIR")
task_options <- paste0("-e AZ_BATCH_", c("NODE_SHARED_DIR", "TASK_ID", "JOB_ID", "TASK_WORKING_DIR", "JOB_PREP_WORKING_DIR"), collapse = " ")
task_options <- gsub("(AZ_BATCH_[A-Z_]+)", "\\1=$\\1", task_options)
admin <- list(autoUser = list(scope = "pool", elevationLevel = "admin"))
image <- "rocker/tidyverse:latest"
scripts_at <- "https://raw.githubusercontent.com/Azure/doAzureParallel/master/inst/startup/"
queue <- function(least, most) {
  sprintf(paste0("$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);$tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : ",
                 "max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));$targetVMs = $tasks > 0 ? $tasks : ",
                 "max(0, $TargetDedicated/2) + 0.5;$TargetDedicatedNodes = max(%d, min($targetVMs, %d));$NodeDeallocationOption = taskcompletion;"),
          least, most)
}

# The sequence, by one client. `is_old`: shapes of 0.7.2, whose merge fetches by blobxfer.
run_all <- function(prefix, batch, is_old) {
  named <- function(text) sprintf("%s: %s", prefix, text)
  pool <- paste0(prefix, "-pool")
  body <- list(
    id = pool, vmSize = "Standard_D2_v2", metadata = list(list(name = "origin", value = "doAzureParallel")),
    startTask = list(
      commandLine = line(paste0("wget ", scripts_at, "install_bioconductor.R"), paste0("wget ", scripts_at, "install_custom.R"),
                         "chmod u+x install_bioconductor.R", "mkdir -p $AZ_BATCH_NODE_SHARED_DIR/R/packages", "chmod -R 0777 $AZ_BATCH_NODE_SHARED_DIR/R",
                         "echo hello from the start task",
                         paste("docker run", node_options, image, "Rscript -e 'args <- commandArgs(TRUE)'",
                               "-e 'writeLines(args, \\\"/mnt/batch/tasks/shared/R/packages/pool.txt\\\")' one two")),
      userIdentity = admin, waitForSuccess = TRUE, environmentSettings = list()),
    virtualMachineConfiguration = list(
      imageReference = list(publisher = "microsoft-azure-batch", offer = "ubuntu-server-container", sku = "20-04-lts", version = "latest"),
      nodeAgentSKUId = "batch.node.ubuntu 20.04",
      containerConfiguration = list(type = if (is_old) "docker" else "dockerCompatible", containerImageNames = list(image))),
    enableAutoScale = TRUE, autoScaleFormula = queue(1, 2), autoScaleEvaluationInterval = "PT5M", maxTasksPerNode = 2L)
  get <- function(path, query = "") expect(batch("GET", path, query = query), 200)$json()

  step(named("a cluster, whose start task fetches scripts and installs by docker run"), {
    expect(batch("POST", "/pools", body), 201, empty = TRUE)
    stopifnot(expect(batch("POST", "/pools", body), 409)$json()$code == "PoolExists")
    made <- get(paste0("/pools/", pool))
    stopifnot(made$targetDedicatedNodes == 1, made$maxTasksPerNode == 2, is.null(made$resizeErrors))
    node <- until("a node that is idle", 60, function() {
      nodes <- get(sprintf("/pools/%s/nodes", pool))$value
      states <- vapply(nodes, function(node) node$state, "")
      if (any(states == "starttaskfailed")) {
        stop(batch("GET", sprintf("/pools/%s/nodes/%s/files/startup/stderr.txt", pool, nodes[[1]]$id))$text())
      }
      if (any(states == "idle")) nodes[[which(states == "idle")[1]]]$id
    })
    said <- expect(batch("GET", sprintf("/pools/%s/nodes/%s/files/startup/stdout.txt", pool, node)), 200)
    stopifnot(grepl("hello from the start task", said$text()), grepl("^text/plain", said$type))
    asked <- expect(batch("GET", sprintf("/pools/%s/nodes/%s/files/shared/R/packages/pool.txt", pool, node)), 200)
    stopifnot(asked$text() == "one\ntwo\n")
    script <- expect(batch("GET", sprintf("/pools/%s/nodes/%s/files/startup/wd/install_bioconductor.R", pool, node)), 200)
    stopifnot(grepl("BiocManager", script$text()))
  })

  # Submits a loop as foreach does, and returns the number of its tasks.
  submit <- function(job, call, items, chunk = 1, errors = "stop", packages = NULL, merges = TRUE, by_data = FALSE) {
    expect(blob("PUT", sprintf("/%s?restype=container", job)), 201)
    file <- tempfile()
    put <- function(name, what) {
      if (!is.character(what)) {
        saveRDS(what, file)
        what <- readBin(file, "raw", file.size(file))
      }
      expect(blob("PUT", paste0("/", job, "/", name, container_sas(job, "w")), what, "text/plain"), 201)
    }
    put("worker.R", worker)
    put("merger.R", merger)
    put("install_cran.R", install)
    # A closure over this function's variables would take them along.
    environment(call) <- globalenv()
    put(paste0(job, ".rds"), list(call = call, items = items))
    url <- function(name, permissions) sprintf("https://%s/%s%s%s", blob_host, job, name, container_sas(job, permissions))
    source_of <- function(name) {
      if (is_old) list(blobSource = url(paste0("/", name), "r"), filePath = name) else list(httpUrl = url(paste0("/", name), "r"), filePath = name)
    }
    prepares <- "echo preparing"
    if (length(packages) > 0) {
      prepares <- c(prepares, paste("docker run", node_options, "--name", job, node_options, task_options, "-e BLOBXFER_SASKEY=$BLOBXFER_SASKEY", image,
                                    "Rscript $AZ_BATCH_JOB_PREP_WORKING_DIR/install_cran.R", paste(packages, collapse = " ")))
    }
    metadata <- list(list(name = "enableCloudCombine", value = as.character(merges)), list(name = "chunkSize", value = as.character(chunk)))
    expect(batch("POST", "/jobs", list(
      id = job, poolInfo = list(poolId = pool), usesTaskDependencies = TRUE, metadata = metadata,
      jobPreparationTask = list(commandLine = line(prepares), userIdentity = admin, waitForSuccess = TRUE, constraints = list(maxTaskRetryCount = 2L),
                                resourceFiles = lapply(c("worker.R", "merger.R", "install_cran.R", paste0(job, ".rds")), source_of)))), 201, empty = TRUE)
    stopifnot(get(paste0("/jobs/", job))$id == job)
    put(paste0(job, "-metadata.rds"), metadata)
    output <- function(pattern, path) {
      list(filePattern = pattern, destination = list(container = list(path = path, containerUrl = url("", "w"))),
           uploadOptions = list(uploadCondition = "taskCompletion"))
    }
    task <- function(id, command, more = list(), environment = list()) {
      expect(batch("POST", sprintf("/jobs/%s/tasks", job), c(list(
        id = id, commandLine = command, userIdentity = admin,
        environmentSettings = list(list(name = "BLOBXFER_SASKEY", value = container_sas(job, "rwcl")), list(name = "CONTAINER_NAME", value = job)),
        outputFiles = list(output(paste0(id, ".txt"), sprintf("logs/%s.txt", id)), output("../stdout.txt", sprintf("stdout/%s-stdout.txt", id)),
                           output("../stderr.txt", sprintf("stderr/%s-stderr.txt", id)),
                           output(paste0(id, "-result.rds"), sprintf("results/%s-result.rds", id))),
        constraints = list(maxTaskRetryCount = 3L), exitConditions = list(default = list(dependencyAction = "satisfy")),
        containerSettings = list(imageName = image, containerRunOptions = "--rm")), more)), 201, empty = TRUE)
    }
    script <- function(name, ...) {
      paste("Rscript --no-save --no-environ --no-restore --no-site-file --verbose", paste0("$AZ_BATCH_JOB_PREP_WORKING_DIR/", name), ..., "> $AZ_BATCH_TASK_ID.txt")
    }
    starts <- seq(1, length(items), by = chunk)
    for (i in seq_along(starts)) {
      last <- min(starts[i] + chunk - 1, length(items))
      more <- list()
      if (by_data) {
        put(paste0(i, ".rds"), items[starts[i]:last])
        more <- list(resourceFiles = list(source_of(paste0(i, ".rds"))))
      }
      task(as.character(i), line(script("worker.R", starts[i], last, as.integer(by_data), errors)), more)
    }
    if (merges) {
      merge <- script("merger.R", length(starts), chunk, errors)
      more <- list(dependsOn = list(taskIdRanges = list(list(start = 1L, end = length(starts)))))
      if (is_old) {
        merge <- c(paste("blobxfer", account$accountName, job, "$AZ_BATCH_TASK_WORKING_DIR --download --saskey $BLOBXFER_SASKEY --remoteresource .",
                         "--include results/*.rds --endpoint", paste0("localhost:", https_port)), merge)
      } else {
        more$resourceFiles <- list(list(storageContainerUrl = url("", "rl"), blobPrefix = "results"))
      }
      task("merge", line(merge), more)
    }
    expect(batch("PATCH", paste0("/jobs/", job), list(onAllTasksComplete = "terminatejob")), 200, empty = TRUE)
    length(starts)
  }
  wait_for <- function(job) {
    until(paste("the end of", job), 120, function() if (get(paste0("/jobs/", job))$state == "completed") TRUE)
    counts <- get(sprintf("/jobs/%s/taskcounts", job))
    if (is_old) stopifnot(counts$validationStatus == "Validated")
    counts
  }
  result_of <- function(job, name = "merge-result.rds") {
    reply <- expect(blob("GET", sprintf("/%s/results/%s%s", job, name, container_sas(job, "r"))), 200)
    stopifnot(!grepl("json|xml|text", reply$type))
    unserialize(memDecompress(reply$body, "gzip"))
  }
  log_of <- function(job, name) expect(blob("GET", paste0("/", job, "/", name)), 200)$text()

  chunks <- paste0(prefix, "-chunks")
  step(named("ten items in chunks of three, merged"), {
    tasks <- submit(chunks, function(i) i^2, as.list(1:10), chunk = 3)
    counts <- wait_for(chunks)
    stopifnot(tasks == 4, counts$completed == 5, counts$failed == 0)
    merge <- get(sprintf("/jobs/%s/tasks/merge", chunks))
    if (merge$executionInfo$result != "success") stop(log_of(chunks, "stderr/merge-stderr.txt"))
    stopifnot(identical(result_of(chunks), as.list((1:10)^2)), log_of(chunks, "logs/4.txt") == "items 1 \n")
  })
  step(named("lists are followed by nextLink, where its second parameter is the token"), {
    # All that rAzureBatch takes of the link is what stands behind the second parameter's name.
    page <- get(sprintf("/jobs/%s/tasks", chunks), "&maxresults=2")
    ids <- vapply(page$value, function(task) task$id, "")
    while (!is.null(page$odata.nextLink)) {
      second <- strsplit(page$odata.nextLink, "&", fixed = TRUE)[[1]][2]
      stopifnot(startsWith(second, "$skiptoken="))
      page <- get(sprintf("/jobs/%s/tasks", chunks), paste0("&%24skiptoken=", substring(second, 12)))
      ids <- c(ids, vapply(page$value, function(task) task$id, ""))
    }
    stopifnot(setequal(ids, c(1:4, "merge")))
  })
  step(named("a loop with packages: the preparation installs by docker run, once a node"), {
    job <- paste0(prefix, "-packages")
    submit(job, function(i) readLines(file.path(Sys.getenv("AZ_BATCH_JOB_PREP_WORKING_DIR"), "asked.txt")), list(1), packages = c("dplyr", "gbm"))
    until("the preparation", 60, function() {
      filter <- curl::curl_escape(sprintf("poolId eq '%s' and jobPreparationTaskExecutionInfo/state eq 'completed'", pool))
      found <- get(sprintf("/jobs/%s/jobpreparationandreleasetaskstatus", job), paste0("&$filter=", filter, "&$select=jobPreparationTaskExecutionInfo"))
      if (length(found$value) > 0) found$value[[1]]$jobPreparationTaskExecutionInfo$result == "success"
    })
    wait_for(job)
    stopifnot(identical(result_of(job)[[1]], c("dplyr", "gbm")))
  })
  step(named("an item that fails is removed, or stops the loop and is found by its filter"), {
    bad <- function(i) if (i == 2) stop("boom") else i
    removes <- paste0(prefix, "-removes")
    submit(removes, bad, as.list(1:3), errors = "remove")
    stops <- paste0(prefix, "-stops")
    submit(stops, bad, as.list(1:3), errors = "stop", merges = FALSE)
    wait_for(removes)
    stopifnot(identical(result_of(removes), list(1L, 3L)))
    counts <- wait_for(stops)
    stopifnot(counts$failed == 1, counts$succeeded == 2)
    failed <- get(sprintf("/jobs/%s/tasks", stops), "&$filter=executionInfo%2Fresult%09eq%20'failure'&$select=id%2C%20executionInfo")
    stopifnot(length(failed$value) == 1, failed$value[[1]]$id == "2", failed$value[[1]]$executionInfo$retryCount == 3)
    expect(batch("POST", sprintf("/jobs/%s/terminate", stops)), 409)  # it has ended by itself
  })
  step(named("data of its own for each task, results without a merge"), {
    job <- paste0(prefix, "-data")
    submit(job, function(d) nrow(d), unname(split(mtcars, mtcars$cyl)), by_data = TRUE, merges = FALSE)
    wait_for(job)
    stopifnot(identical(vapply(1:3, function(i) result_of(job, sprintf("%d-result.rds", i))[[1]], 1L), c(11L, 7L, 14L)))
  })
  step(named("a file of a task that runs, then its end by terminate"), {
    job <- paste0(prefix, "-runs")
    submit(job, function(i) { writeLines("inside", "note"); Sys.sleep(300) }, list(1), merges = FALSE)
    said <- until("the file", 60, function() {
      reply <- batch("GET", sprintf("/jobs/%s/tasks/1/files/wd/note", job))
      if (reply$status == 200 && length(reply$body) > 0) reply
    })
    stopifnot(said$text() == "inside\n", grepl("^text/plain", said$type), is.null(get(sprintf("/jobs/%s/tasks/1", job))$executionInfo$result))
    expect(batch("POST", sprintf("/jobs/%s/terminate", job)), 202)
    wait_for(job)
  })
  step(named("lists of jobs, clusters, containers and files"), {
    jobs <- get("/jobs", "&$filter=&$select=id%2Cstate")$value
    stopifnot(sum(startsWith(vapply(jobs, function(job) job$id, ""), prefix)) >= 5)
    pools <- get("/pools", "&$filter=state%20eq%20'active'%20or%20state%20eq%20'deleting'%20&$select=id%2Cstate%2CtargetDedicatedNodes")$value
    stopifnot(pool %in% vapply(pools, function(one) one$id, ""))
    containers <- expect(blob("GET", "/?comp=list&prefix="), 200)$text()
    count <- function(text, what) lengths(regmatches(text, gregexpr(what, text, fixed = TRUE)))
    stopifnot(count(containers, "<Container>") == count(containers, "<PublicAccess"))
    files <- expect(blob("GET", sprintf("/%s?restype=container&comp=list&prefix=results", chunks)), 200)$text()
    stopifnot(count(files, "<Blob>") == 5)
  })
  step(named("another size, then everything is deleted"), {
    expect(batch("POST", sprintf("/pools/%s/enableautoscale", pool), list(autoScaleFormula = queue(2, 2), autoScaleEvaluationInterval = "PT5M")), 200, empty = TRUE)
    until("two nodes", 60, function() get(paste0("/pools/", pool))$currentDedicatedNodes == 2)
    for (job in paste0(prefix, c("-chunks", "-packages", "-removes", "-stops", "-data", "-runs"))) {
      expect(blob("DELETE", sprintf("/%s?restype=container", job)), 202)
      expect(batch("DELETE", paste0("/jobs/", job)), 202, empty = TRUE)
    }
    expect(batch("DELETE", paste0("/pools/", pool)), 202, empty = TRUE)
    until("the cluster's end", 60, function() batch("GET", paste0("/pools/", pool))$status == 404)
  })
}

run_all("current", batch_client("2018-12-01.8.0"), is_old = FALSE)

principal <- jsonlite::fromJSON(system2(account$program, c("principal", "create", "clients", "--data", shQuote(account$data)), stdout = TRUE))
# Microsoft's names lead here, as an entry in the hosts file and port 443 would.
mapped <- function(host) sprintf("%s:443:127.0.0.1:%s", host, https_port)
token_for <- function(resource, secret = principal$credential) {
  form <- sprintf("grant_type=client_credentials&client_secret=%s&client_id=%s&resource=%s", curl::curl_escape(secret), principal$clientId, curl::curl_escape(resource))
  exchange("POST", "https://login.microsoftonline.com", sprintf("/%s/oauth2/token?api-version=1.0", principal$tenantId),
           list("Content-Type" = "application/x-www-form-urlencoded"), form, mapped("login.microsoftonline.com"))
}
manage <- function(method, target, token) {
  exchange(method, "https://management.azure.com", target, list(Authorization = paste("Bearer", token)), if (method == "POST") raw(0), mapped("management.azure.com"))
}
address <- NULL
step("a service principal finds the account's address and its storage key", {
  expect(token_for("https://management.azure.com/", "wrong"), 401)
  token <- expect(token_for("https://management.azure.com/"), 200)$json()$access_token
  found <- expect(manage("GET", paste0(principal$batchAccountResourceId, "?api-version=2017-05-01"), token), 200)$json()
  address <- found$properties$accountEndpoint
  keys <- expect(manage("POST", paste0(principal$storageAccountResourceId, "/listkeys?api-version=2016-01-01"), token), 200)$json()
  stopifnot(keys$keys[[1]]$value == account$accountKey)
})
token <- token_for("https://batch.core.windows.net/")$json()$access_token
run_all("older", batch_client("2018-03-01.6.1", paste0("https://", address), token), is_old = TRUE)
done()
