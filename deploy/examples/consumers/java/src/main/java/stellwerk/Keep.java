package stellwerk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Keeps the latest revision of every alert, one JSON file each; goes on where it stopped, however it stopped.
 *
 * <pre>mvn process-classes &amp;&amp; BOOTSTRAP=kafka:9092 java -cp 'target/classes:target/dependency/*' stellwerk.Keep alerts/</pre>
 *
 * Files are written before offsets are committed, so a crash between the two writes the same files again.
 */
public final class Keep {
    private static final int KNOWN_VERSION = 1;
    /** Ids become file names. */
    private static final Pattern ID = Pattern.compile("[\\w-]{1,200}");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Map<String, Long> have = new HashMap<>();

    private Keep(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.json")) {
            for (Path file : files) {
                JsonNode alert = JSON.readTree(Files.readAllBytes(file));
                have.put(alert.get("id").asText(), alert.get("revision").asLong());
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        String prefix = System.getenv().getOrDefault("PREFIX", "stellwerk.");
        Keep keep = new Keep(Path.of(arguments.length > 0 ? arguments[0] : "alerts"));
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings(prefix))) {
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                consumer.wakeup();
                try {
                    main.join();
                } catch (InterruptedException ignored) {
                    Thread.currentThread().interrupt();
                }
            }));
            consumer.subscribe(List.of(prefix + "alerts"));
            keep.follow(consumer);
        } catch (WakeupException stopped) {
            // SIGTERM or Ctrl-C: what was not committed comes again.
        }
    }

    private static Properties settings(String prefix) {
        Properties made = new Properties();
        made.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv().getOrDefault("BOOTSTRAP", "localhost:9092"));
        made.put(ConsumerConfig.GROUP_ID_CONFIG, prefix + "consumer.keep-java");
        made.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, "keep-java-1");
        made.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        made.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        made.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class.getName());
        made.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        return made;
    }

    private void follow(KafkaConsumer<String, byte[]> consumer) throws IOException {
        while (true) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                take(record.key(), record.value());
            }
            consumer.commitSync();
        }
    }

    private void take(String id, byte[] value) throws IOException {
        if (id == null || !ID.matcher(id).matches()) {
            System.err.println("no id of an alert: " + id);
            return;
        }
        if (value == null) {
            have.remove(id);
            Files.deleteIfExists(folder.resolve(id + ".json"));
            return;
        }
        JsonNode alert = JSON.readTree(value);
        int version = alert.path("schema_version").asInt();
        if (version != KNOWN_VERSION) {
            throw new IOException("schema version " + version + ", this program knows " + KNOWN_VERSION + ": update it");
        }
        long revision = alert.get("revision").asLong();
        if (revision > have.getOrDefault(id, 0L)) {
            put(id, value);
            have.put(id, revision);
        }
    }

    /** Writes a file so that there is the old one or the new one, never half of it. */
    private void put(String id, byte[] value) throws IOException {
        Path draft = folder.resolve(id + ".draft");
        Files.write(draft, value);
        try (FileChannel file = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            file.force(true);
        }
        Files.move(draft, folder.resolve(id + ".json"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
