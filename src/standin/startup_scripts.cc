#include "standin/startup_scripts.h"

#include <string>

namespace scoria::standin {
namespace {

// Rscript install_bioconductor.R PACKAGE...: into the job's own library where there is a job, else into the node's.
constexpr std::string_view kBioconductor = R"(#!/usr/bin/env Rscript
# Installs Bioconductor's packages for the tasks of this node, or of one job. From Scoria.
wanted <- commandArgs(trailingOnly = TRUE)
job <- Sys.getenv("AZ_BATCH_JOB_PREP_WORKING_DIR")
shared <- "/mnt/batch/tasks/shared/R/packages"
if (!dir.exists(shared)) shared <- file.path(Sys.getenv("AZ_BATCH_NODE_SHARED_DIR"), "R", "packages")
.libPaths(c(if (nzchar(job)) job, shared, .libPaths()))

has <- function(package) requireNamespace(package, quietly = TRUE)
missing <- Filter(Negate(has), wanted)
if (length(missing) > 0) {
  if (!has("BiocManager")) {
    repository <- getOption("repos")[["CRAN"]]
    if (is.null(repository) || repository == "@CRAN@") repository <- "https://cloud.r-project.org"
    install.packages("BiocManager", repos = repository)
  }
  BiocManager::install(missing, update = FALSE, ask = FALSE)
}
still <- Filter(Negate(has), missing)
if (length(still) > 0) {
  message("not installed: ", paste(still, collapse = ", "))
  quit(save = "no", status = 1)
}
)";

// Rscript install_custom.R [X [PATTERN]]: package sources that a start task put into startup/tmp.
constexpr std::string_view kCustom = R"(#!/usr/bin/env Rscript
# Installs the R packages whose sources are folders or archives in startup/tmp into the library that all tasks of this node share. From Scoria.
arguments <- commandArgs(trailingOnly = TRUE)
pattern <- if (length(arguments) > 1) arguments[2]
library_folder <- file.path(Sys.getenv("AZ_BATCH_NODE_SHARED_DIR"), "R", "packages")
sources <- file.path(Sys.getenv("AZ_BATCH_NODE_STARTUP_DIR"), "tmp")
dir.create(library_folder, recursive = TRUE, showWarnings = FALSE)
packages <- list.files(sources, pattern = pattern, full.names = TRUE)
if (length(packages) == 0) message("there is no package in ", sources)
for (package in packages) {
  status <- system2(file.path(R.home("bin"), "R"), c("CMD", "INSTALL", "-l", shQuote(library_folder), shQuote(package)),
                    env = paste0("R_LIBS=", shQuote(library_folder)))
  if (status != 0) {
    message("not installed: ", package)
    quit(save = "no", status = 1)
  }
}
unlink(sources, recursive = TRUE)
)";

}  // namespace

std::optional<std::string_view> startup_script(const net::Url& url) {
  if (url.host != "raw.githubusercontent.com" || !url.target.starts_with("/Azure/doAzureParallel/"))
    return std::nullopt;
  if (url.target.ends_with("/inst/startup/install_bioconductor.R")) return kBioconductor;
  if (url.target.ends_with("/inst/startup/install_custom.R")) return kCustom;
  return std::nullopt;
}

}  // namespace scoria::standin
