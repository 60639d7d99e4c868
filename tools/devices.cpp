// sumi devices: values of --device on this machine.
#include <fmt/format.h>

#include "engine/runtime/device.h"
#include "tools/cli/cli.h"
#include "tools/cli/table.h"

namespace sumi::cli {

Command add_devices(CLI::App& parent) {
  CLI::App& app = *parent.add_subcommand("devices", "List the devices of this machine.");
  set_help(app, "devices", "");
  return {&app, []() {
            Table table({{"--device"}, {"device"}});
            for (const DeviceInfo& device : list_devices()) table.add({device.name, device.description});
            fmt::print("{}", table.text(terminal_width(100)));
            return 0;
          }};
}

}  // namespace sumi::cli
