#include "plan/loaded_model.h"

#include "arrowio/uri.h"
#include "net/sha256.h"

namespace scoria::plan {

Result<LoadedModelPtr> load_model(const ModelFiles& files, const std::string& path) {
  SCORIA_TRY(file, files.read(path));
  if (!file) return LoadedModelPtr();
  std::string name = arrowio::without_secrets(path);
  auto model = model::open_model(file->bytes());
  if (!model.ok()) return with_context("model '" + name + "'", std::move(model).error());
  return LoadedModelPtr(std::make_shared<LoadedModel>(
      LoadedModel{std::move(model).value(), {std::move(name), file->text().size(), net::sha256(file->text())}}));
}

}  // namespace scoria::plan
