# Clusters, by doAzureParallel's names.

test_that("a script of doAzureParallel's runs with two lines changed", {
  need_server(pool = NULL)
  folder <- tempfile()
  dir.create(folder)
  account <- scoria:::account_of_data(served$data)
  key <- openssl::base64_encode(account$key)
  keys <- list(batchAccount = list(name = account$name, key = key, url = account$url),
               storageAccount = list(name = account$name, key = key, endpointSuffix = "core.windows.net"))
  jsonlite::write_json(list(sharedKey = keys, githubAuthenticationToken = ""), file.path(folder, "credentials.json"), auto_unbox = TRUE)
  size <- list(dedicatedNodes = list(min = 1, max = 1), lowPriorityNodes = list(min = 0, max = 0), autoscaleFormula = "QUEUE")
  cluster <- list(name = "script", vmSize = "Standard_D2_v2", maxTasksPerNode = 2, poolSize = size,
                  rPackages = list(cran = list(), github = list(), bioconductor = list()), commandLine = list("echo ready > $AZ_BATCH_NODE_SHARED_DIR/ready"))
  jsonlite::write_json(cluster, file.path(folder, "cluster.json"), auto_unbox = TRUE)
  script <- "library(scoria)
setCredentials('credentials.json')
cluster <- makeCluster('cluster.json')
registerDoScoria(cluster)
setChunkSize(5)
pi_parts <- foreach(i = 1:10, .combine = '+') %dopar% {
  set.seed(i)
  mean(runif(100)^2 + runif(100)^2 < 1)
}
cat(getDoParWorkers(), pi_parts * 4 / 10)
stopCluster(cluster)"
  said <- said_by(paste0("setwd('", folder, "')\n", script))
  expected <- sum(vapply(1:10, function(i) { set.seed(i); mean(runif(100)^2 + runif(100)^2 < 1) }, 0)) * 4 / 10
  expect_identical(said, paste(2, expected))
})

test_that("clusters are made, listed, resized, and deleted", {
  need_server(pool = NULL)
  path <- file.path(tempfile(), "cluster.json")
  dir.create(dirname(path))
  expect_message(generateClusterConfig(path), "is written")
  expect_error(generateClusterConfig(path), "is there already")
  cluster <- makeCluster(path, timeout = 60)
  expect_output(print(cluster), "<cluster night: active, steady, 2 nodes of 1 slots>")
  expect_message(makeCluster(list(id = "night", vmSize = "standard_a1_v2")), "is there already")
  expect_true("night" %in% getClusterList()$id)
  expect_identical(getCluster("night")$poolId, "night")
  resizeCluster(cluster, 1)
  until(nrow(getClusterNodes(cluster)) == 1)
  resizeCluster("night", 0, 3, algorithm = "WORKDAY")
  pool <- scoria:::document_of(scoria:::batch(cluster$server, "GET", c("pools", "night")))
  expect_true(pool$enableAutoScale)
  expect_match(pool$autoScaleFormula, "isBusy ? 3 : 0", fixed = TRUE)
  stopCluster(cluster)
  until(!"night" %in% getClusterList()$id)
  expect_error(getCluster("night"), class = "scoria_service_error")
})

test_that("the server takes each formula, and its values are between least and most", {
  server <- need_server(pool = NULL)
  for (name in c("QUEUE", "QUEUE_AND_RUNNING", "WORKDAY", "WEEKEND", "MAX_CPU")) {
    formula <- scoria:::autoscale_formula(name, c(0, 2), c(0, 0), 2)
    cluster <- makeCluster(list(id = "grows", vmSize = "standard_a1_v2", enableAutoScale = TRUE, autoScaleFormula = formula,
                                virtualMachineConfiguration = list(imageReference = list(publisher = "p", offer = "o", sku = "s"), nodeAgentSKUId = "n")), wait = FALSE)
    run <- scoria:::document_of(scoria:::batch(server, "POST", c("pools", "grows", "evaluateautoscale"), list(autoScaleFormula = formula)))
    expect_null(run$error, label = paste(name, run$error$message, unlist(run$error$values), collapse = " "))
    wanted <- as.numeric(sub(".*\\$TargetDedicatedNodes=([0-9]+).*", "\\1", run$results))
    expect_true(wanted >= 0 && wanted <= 2)
    stopCluster(cluster)
    until(!"grows" %in% getClusterList()$id)
  }
  expect_error(scoria:::autoscale_formula("SOMETIMES", c(0, 1), c(0, 0)), "is none of QUEUE")
})

test_that("descriptions that cannot be are refused", {
  expect_error(scoria:::pool_document(list(nmae = "x")), "no field 'nmae'")
  expect_error(scoria:::pool_document(list(vmSize = "x")), "needs a name")
  expect_error(scoria:::pool_document(list(name = "x", poolSize = list(dedicatedNodes = list(min = 3, max = 1)))), "min is 3L, which is more than max, 1L|min is")
  document <- scoria:::pool_document(list(name = "x", containerImage = "rocker/r-ver:4.2.2", rPackages = list(cran = list("digest"))))
  expect_match(document$startTask$commandLine, "install[.]packages[(]c[(].*digest")
  expect_identical(document$startTask$containerSettings$imageName, "rocker/r-ver:4.2.2")
})

test_that("stored files can be listed and read", {
  server <- need_server(pool = NULL)
  scoria:::create_container(server, "r-files")
  scoria:::put_blob(server, "r-files", "folder/a & b.txt", charToRaw("text"))
  expect_true("r-files" %in% listStorageContainers("r-"))
  expect_identical(listStorageFiles("r-files")$name, "folder/a & b.txt")
  expect_identical(rawToChar(getStorageFile("r-files", "folder/a & b.txt")), "text")
  expect_error(getStorageFile("r-files", "none"), "there is no 'none'")
  deleteStorageContainer("r-files")
})
