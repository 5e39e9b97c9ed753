require "net/http"

puts Net::HTTP.post(URI(ENV.fetch("SECTIGO_BASE_URL") + "/products/!autoRevokeCS"), "").body
