# Pools, by doAzureParallel's names for what one does with them.

#' Make a cluster: a pool for foreach loops
#'
#' @param cluster a cluster's description: the path of a JSON file such as [generateClusterConfig()] writes, a list with the same
#'   fields, or a pool document of the batch API (it has an `id`). A pool of that name that is there already is taken as it is.
#' @param wait whether to wait until its nodes are there.
#' @param timeout seconds to wait.
#' @param server,... as [registerDoScoria()] takes them.
#' @return a `scoria_cluster` for [registerDoScoria()].
#' @details Fields: `name`, `vmSize`, `maxTasksPerNode`, `poolSize` (`dedicatedNodes` and `lowPriorityNodes` with `min` and `max`, `autoscaleFormula`:
#'   `"QUEUE"`, `"QUEUE_AND_RUNNING"`, `"WORKDAY"`, `"WEEKEND"`, `"MAX_CPU"`, or a formula), `containerImage`, `rPackages` (`cran`, `github`,
#'   `bioconductor`: installed when a node starts), `commandLine` (of a node's start, one after the other), `provider` (`"local"`: nodes on the server's
#'   machine; `"joined"`: machines that ran `scoria node`).
#' @examplesIf FALSE
#' cluster <- makeCluster(list(name = "night", poolSize = list(dedicatedNodes = list(min = 2, max = 2))))
#' registerDoScoria(cluster)
#' stopCluster(cluster)
#' @export
makeCluster <- function(cluster = "cluster.json", wait = TRUE, timeout = 600, server = NULL, ...) {
  if (is.numeric(cluster)) return(parallel::makeCluster(cluster, ...))  # of processes: the function that this one hides
  if (is.character(cluster)) cluster <- read_document(path.expand(need_word(cluster, "cluster")), "cluster")
  if (!is.list(cluster)) refuse(sprintf("cluster must be the path of a file or a list, not %s", shown(cluster)))
  server <- server_of(find_account(server, ...))
  document <- if (is.null(cluster$id)) pool_document(cluster) else cluster
  tryCatch(batch(server, "POST", "pools", document), scoria_service_error = function(e) {
    if (e$code != "PoolExists") stop(e)
    message(sprintf("pool '%s' is there already, and is taken as it is", document$id))
  })
  made <- structure(list(poolId = document$id, server = server, container = container_image(cluster)), class = "scoria_cluster")
  if (need_flag(wait, "wait")) wait_for_nodes(made, timeout)
  made
}

container_image <- function(cluster) if (length(cluster$containerImage) > 0 && nzchar(cluster$containerImage)) cluster$containerImage

cluster_fields <- c("name", "vmSize", "maxTasksPerNode", "poolSize", "containerImage", "rPackages", "commandLine", "subnetId", "provider", "osImage")

# A cluster's description as a pool document.
pool_document <- function(cluster) {
  unknown <- setdiff(names(cluster), cluster_fields)
  if (length(unknown) > 0) refuse(sprintf("a cluster has no field '%s'; it has %s", unknown[[1]], paste(cluster_fields, collapse = ", ")))
  if (is.null(cluster$name)) refuse("a cluster needs a name")
  range <- function(nodes, least) {
    both <- c(if (is.null(nodes$min)) least else nodes$min, if (is.null(nodes$max)) max(least, nodes$min) else nodes$max)
    if (both[[1]] > both[[2]]) refuse(sprintf("cluster '%s': min is %s, which is more than max, %s", cluster$name, shown(both[[1]]), shown(both[[2]])))
    as.integer(both)
  }
  dedicated <- range(cluster$poolSize$dedicatedNodes, 0L)
  low <- range(cluster$poolSize$lowPriorityNodes, 0L)
  slots <- if (is.null(cluster$maxTasksPerNode)) 1L else as.integer(cluster$maxTasksPerNode)
  image_reference <- list(publisher = "microsoft-azure-batch", offer = "ubuntu-server-container", sku = "20-04-lts")  # which the API asks for
  pool <- list(id = cluster$name, vmSize = if (is.null(cluster$vmSize)) "standard_a1_v2" else cluster$vmSize, taskSlotsPerNode = slots,
               virtualMachineConfiguration = list(imageReference = image_reference, nodeAgentSKUId = "batch.node.ubuntu 20.04"))
  if (!is.null(cluster$provider)) pool$provider <- cluster$provider
  image <- container_image(cluster)
  if (!is.null(image)) pool$virtualMachineConfiguration$containerConfiguration <- list(type = "dockerCompatible", containerImageNames = list(image))
  if (dedicated[[1]] == dedicated[[2]] && low[[1]] == low[[2]]) {
    pool$targetDedicatedNodes <- dedicated[[1]]
    pool$targetLowPriorityNodes <- low[[1]]
  } else {
    name <- cluster$poolSize$autoscaleFormula
    pool$enableAutoScale <- TRUE
    pool$autoScaleFormula <- autoscale_formula(if (is.null(name)) "QUEUE" else name, dedicated, low, slots)
    pool$autoScaleEvaluationInterval <- "PT5M"
  }
  commands <- c(install_commands(cluster$rPackages), unlist(cluster$commandLine))
  if (length(commands) > 0) {
    pool$startTask <- list(commandLine = paste0("/bin/bash -c ", shQuote(paste(c("set -e", commands), collapse = "; "))), waitForSuccess = TRUE)
    if (!is.null(image)) pool$startTask$containerSettings <- list(imageName = image)
  }
  pool
}

# Packages go where scoria_chunk.R looks for them.
install_commands <- function(packages) {
  words <- function(names) paste0("c(", paste(sprintf("\"%s\"", unlist(names)), collapse = ", "), ")")
  mirror <- "repos = \"https://cloud.r-project.org\""
  install <- function(names) sprintf("install.packages(%s, %s)", words(names), mirror)
  with <- function(helper, call, names) sprintf("if (!requireNamespace(\"%s\")) %s; %s", helper, install(helper), sprintf(call, words(names)))
  steps <- c(if (length(packages$cran) > 0) install(packages$cran),
             if (length(packages$github) > 0) with("remotes", "remotes::install_github(%s)", packages$github),
             if (length(packages$bioconductor) > 0) with("BiocManager", "BiocManager::install(%s, ask = FALSE)", packages$bioconductor))
  if (length(steps) == 0) return(NULL)
  code <- paste(c("options(warn = 2)", ".libPaths(file.path(Sys.getenv(\"AZ_BATCH_NODE_SHARED_DIR\"), \"R\"))", steps), collapse = "; ")
  c("mkdir -p $AZ_BATCH_NODE_SHARED_DIR/R", paste("Rscript -e", shQuote(code)))
}

wait_for_nodes <- function(cluster, timeout) {
  end <- .Call(C_clock) + timeout
  pause <- 0.05
  repeat {
    pool <- document_of(batch(cluster$server, "GET", c("pools", cluster$poolId)))
    if (length(pool$resizeErrors) > 0) refuse(sprintf("pool '%s': %s", cluster$poolId, pool$resizeErrors[[1]]$message), "exhausted")
    if (identical(pool$allocationState, "steady")) {
      states <- vapply(batch_list(cluster$server, c("pools", cluster$poolId, "nodes"), select = "id,state"), function(node) node$state, "")
      if (any(states == "starttaskfailed")) {
        refuse(sprintf("pool '%s': the start task of a node failed: getClusterFile() has its startup/stderr.txt", cluster$poolId), "unavailable")
      }
      if (all(states %in% c("idle", "running", "preempted", "offline"))) return(invisible())
    }
    if (.Call(C_clock) > end) refuse(sprintf("pool '%s' was not ready within %.3g s", cluster$poolId, timeout), "deadline")
    Sys.sleep(pause)
    pause <- min(pause * 1.5, 2)
  }
}

#' Clusters of a server
#'
#' @param cluster name of a pool, or what [makeCluster()] gave.
#' @param server,... as [registerDoScoria()] takes them.
#' @return `getCluster()`: a `scoria_cluster`. `getClusterList()`: a data.frame: `id`, `state`, `allocation`, `size`, `nodes`, `slots`.
#' @export
getCluster <- function(cluster, server = NULL, ...) {
  if (inherits(cluster, "scoria_cluster")) return(cluster)
  server <- server_of(find_account(server, ...))
  pool <- document_of(batch(server, "GET", c("pools", need_word(cluster, "cluster"))))
  images <- pool$virtualMachineConfiguration$containerConfiguration$containerImageNames
  structure(list(poolId = pool$id, server = server, container = if (length(images) > 0) images[[1]]), class = "scoria_cluster")
}

#' @rdname getCluster
#' @param filter a list; `state`: only pools of these states.
#' @export
getClusterList <- function(filter = list(), server = NULL, ...) {
  server <- server_of(find_account(server, ...))
  pools <- batch_list(server, "pools")
  if (!is.null(filter$state)) pools <- Filter(function(pool) tolower(pool$state) %in% tolower(filter$state), pools)
  text <- function(field) vapply(pools, function(pool) if (is.null(pool[[field]])) "" else as.character(pool[[field]]), "")
  number <- function(...) vapply(pools, function(pool) sum(unlist(pool[c(...)])), 0)
  data.frame(id = text("id"), state = text("state"), allocation = text("allocationState"), size = text("vmSize"),
             nodes = number("currentDedicatedNodes", "currentLowPriorityNodes"), slots = number("taskSlotsPerNode"))
}

#' @export
print.scoria_cluster <- function(x, ...) {
  pool <- tryCatch(document_of(batch(x$server, "GET", c("pools", x$poolId))), scoria_error = function(e) NULL)
  if (is.null(pool)) cat(sprintf("<cluster %s: it cannot be asked for>\n", x$poolId))
  else cat(sprintf("<cluster %s: %s, %s, %d nodes of %d slots>\n", x$poolId, pool$state, pool$allocationState,
                   pool$currentDedicatedNodes + pool$currentLowPriorityNodes, pool$taskSlotsPerNode))
  invisible(x)
}

#' Change the size of a cluster, or delete it
#'
#' @inheritParams getCluster
#' @param dedicatedMin,dedicatedMax,lowPriorityMin,lowPriorityMax how many nodes; where least and most differ, the pool grows and shrinks by `algorithm`.
#' @param algorithm see `autoscaleFormula` of [makeCluster()].
#' @param timeInterval how often it is looked at, such as `"PT5M"`.
#' @return nothing of interest.
#' @export
resizeCluster <- function(cluster, dedicatedMin, dedicatedMax = dedicatedMin, lowPriorityMin = 0, lowPriorityMax = lowPriorityMin,
                          algorithm = "QUEUE", timeInterval = "PT5M") {
  cluster <- getCluster(cluster)
  pool <- document_of(batch(cluster$server, "GET", c("pools", cluster$poolId)))
  is_fixed <- dedicatedMin == dedicatedMax && lowPriorityMin == lowPriorityMax
  if (is_fixed) {
    if (isTRUE(pool$enableAutoScale)) batch(cluster$server, "POST", c("pools", cluster$poolId, "disableautoscale"))
    batch(cluster$server, "POST", c("pools", cluster$poolId, "resize"), list(targetDedicatedNodes = dedicatedMin, targetLowPriorityNodes = lowPriorityMin))
  } else {
    formula <- autoscale_formula(algorithm, c(dedicatedMin, dedicatedMax), c(lowPriorityMin, lowPriorityMax), pool$taskSlotsPerNode)
    batch(cluster$server, "POST", c("pools", cluster$poolId, "enableautoscale"), list(autoScaleFormula = formula, autoScaleEvaluationInterval = timeInterval))
  }
  invisible()
}

#' @rdname resizeCluster
#' @export
stopCluster <- function(cluster) {
  if (inherits(cluster, "cluster")) return(parallel::stopCluster(cluster))
  cluster <- getCluster(cluster)
  batch(cluster$server, "DELETE", c("pools", cluster$poolId))
  invisible()
}

#' A file of a node
#'
#' @inheritParams getCluster
#' @inheritParams getJobLog
#' @param nodeId id of a node.
#' @return a raw vector, or the path of the file that was written, invisibly.
#' @export
getClusterFile <- function(cluster, nodeId, filePath, downloadPath = NULL, overwrite = FALSE, server = NULL, ...) {
  cluster <- getCluster(cluster, server, ...)
  bytes <- batch(cluster$server, "GET", c("pools", cluster$poolId, "nodes", nodeId, "files", strsplit(filePath, "/", fixed = TRUE)[[1]]))$body
  written(bytes, downloadPath, overwrite)
}

#' Nodes of a cluster
#'
#' @inheritParams getCluster
#' @return a data.frame: `id`, `state`, `running`, how many tasks run there.
#' @export
getClusterNodes <- function(cluster, server = NULL, ...) {
  cluster <- getCluster(cluster, server, ...)
  nodes <- batch_list(cluster$server, c("pools", cluster$poolId, "nodes"))
  data.frame(id = vapply(nodes, function(node) node$id, ""), state = vapply(nodes, function(node) node$state, ""),
             running = vapply(nodes, function(node) if (is.null(node$runningTasksCount)) 0 else as.numeric(node$runningTasksCount), 0))
}

#' Write a cluster's description to fill in
#'
#' @param file where.
#' @return its path, invisibly.
#' @export
generateClusterConfig <- function(file) {
  size <- list(dedicatedNodes = list(min = 2, max = 2), lowPriorityNodes = list(min = 0, max = 0), autoscaleFormula = "QUEUE")
  write_new(file, list(name = "night", vmSize = "standard_a1_v2", maxTasksPerNode = 1, poolSize = size, containerImage = "",
                       rPackages = list(cran = list(), github = list(), bioconductor = list()), commandLine = list()))
}

#' Files that a server stores
#'
#' @param container name of a container: a job's results are in one of its own.
#' @param prefix only what begins so.
#' @param blob name of a file in it.
#' @param server,... as [registerDoScoria()] takes them.
#' @inheritParams getJobLog
#' @return `listStorageContainers()`: a character vector. `listStorageFiles()`: a data.frame: `name`, `bytes`, `changed`. `getStorageFile()`: a raw
#'   vector, or the path of the file that was written, invisibly.
#' @export
listStorageContainers <- function(prefix = "", server = NULL, ...) list_containers(server_of(find_account(server, ...)), prefix)

#' @rdname listStorageContainers
#' @export
listStorageFiles <- function(container, prefix = "", server = NULL, ...) list_blobs(server_of(find_account(server, ...)), need_word(container, "container"), prefix)

#' @rdname listStorageContainers
#' @export
getStorageFile <- function(container, blob, downloadPath = NULL, overwrite = FALSE, server = NULL, ...) {
  bytes <- get_blob(server_of(find_account(server, ...)), container, blob)
  if (is.null(bytes)) refuse(sprintf("there is no '%s' in container '%s'", blob, container), "not_found")
  written(bytes, downloadPath, overwrite)
}

#' @rdname listStorageContainers
#' @export
deleteStorageContainer <- function(container, server = NULL, ...) {
  blob_request(server_of(find_account(server, ...)), "DELETE", need_word(container, "container"), query = list(restype = "container"))
  invisible()
}
