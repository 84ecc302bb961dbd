# What holds for all loops on pools of this session.
settings <- new.env(parent = emptyenv())
settings$chunk_size <- NULL
settings$delete_jobs <- TRUE

#' How many iterations of a loop on a pool are one task
#'
#' @param value a number; `NULL`: ever fewer as the loop comes to its end. `.options.scoria = list(chunk_size =)` says otherwise for one loop.
#' @return nothing of interest.
#' @export
setChunkSize <- function(value = NULL) {
  settings$chunk_size <- need_chunk(value, "value")
  invisible()
}

#' Whether the job of a loop that was waited for is deleted
#'
#' @param value `TRUE` or `FALSE`.
#' @return nothing of interest.
#' @export
setAutoDeleteJob <- function(value = TRUE) {
  settings$delete_jobs <- need_flag(value, "value")
  invisible()
}
