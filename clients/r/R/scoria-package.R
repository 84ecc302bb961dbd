#' Models scored natively, and foreach loops on warm workers and pools
#'
#' [scoria_load()] opens a model file, [predict()][predict.scoria_model] scores rows with it, and [scoria_inspect()] says
#' what it is. The file is read as data: nothing in it is run, and the package that fitted the model is not needed.
#' [registerDoScoria()] makes foreach loops run on warm R processes of this machine, or on the nodes of a server's pool.
#'
#' Scoring is done by `libscoria.so.1`, which is looked for when it is first used: at `options(scoria.library =)`, else
#' at the environment variable `SCORIA_LIBRARY`, else where the system's loader looks, else beside the `scoria` program
#' of the `PATH`. Warm workers are the `scoria` program's: `options(scoria.program =)`, else `SCORIA_PROGRAM`, else the `PATH`.
#'
#' @keywords internal
#' @useDynLib scoria, .registration = TRUE
#' @importFrom stats predict
#' @importFrom utils head
"_PACKAGE"

# There is no .onUnload() that takes the shared object out: models that are still held would be freed by code that is gone.
