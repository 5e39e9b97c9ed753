// Drives a running emulator from Java (15 or newer): makes a sandbox and an order, and lets the order expire.
//
//     java examples/java/Drive.java
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Drive {
    static final String CONTROL = "http://localhost:8081/control/v1";
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    /** Sends a request to the control API and returns the body of its response. */
    static String control(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(CONTROL + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .build();
        var response = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new Exception(response.body());
        }
        return response.body();
    }

    public static void main(String[] arguments) throws Exception {
        // The name is chosen here, so that no JSON needs to be parsed.
        var name = "java-" + System.nanoTime();
        var sandbox = "/sandboxes/" + name;
        control("POST", "/sandboxes", """
            {"name": "%s", "ttl": "10m"}""".formatted(name));
        control("POST", sandbox + "/orders", """
            {"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}""");
        // Here your client would use "https://localhost:8443" + sandbox as its base URL.
        control("POST", sandbox + "/clock/advance", """
            {"by": "400d"}""");
        var order = control("GET", sandbox + "/orders/7", "");
        if (!order.contains("\"expired\"")) {
            throw new Exception(order);
        }
        control("DELETE", sandbox, "");
    }
}
