import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Drive {
    static String control(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:8081/control/v1" + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) throw new Exception(answer.body());
        return answer.body();
    }

    public static void main(String[] arguments) throws Exception {
        var sandbox = "/sandboxes/java-" + System.nanoTime();
        control("POST", "/sandboxes", "{\"name\": \"" + sandbox.substring(11) + "\", \"ttl\": \"10m\"}");
        control("POST", sandbox + "/orders", """
            {"orderNumber": 7, "loginName": "login_name", "product": "code-signing", "state": "issued"}""");
        // ... let your client work at https://localhost:8443 + sandbox ...
        control("POST", sandbox + "/clock/advance", "{\"by\": \"400d\"}");
        var order = control("GET", sandbox + "/orders/7", "");
        if (!order.contains("\"expired\"")) throw new Exception(order);
        control("DELETE", sandbox, "");
    }
}
